import type { Change } from './change.ts'
import type { ChangeStore, NewChange } from './change-store.ts'
import type { Database, Transaction } from '../stores/database.ts'
import type { Flows } from '../stores/flows.ts'

/** A use case writes with it: a transaction, and the changes that belong to it. */
export interface UnitOfWork {
  tx: Transaction
  /** Writes a change in the transaction. It is published after the commit. */
  change: (change: NewChange) => Promise<void>
  /** Notes changes that a statement of the transaction has written itself, so that they are published, too. */
  note: (changes: Change[]) => void
}

export type UnitsOfWork = ReturnType<typeof createUnitsOfWork>

/**
 * The only way to write a change. After the commit, and before the caller goes on, the change is applied to this
 * node's memory and the other nodes are woken. The changes of a transaction that is rolled back are not published.
 */
export function createUnitsOfWork ({ database, changes, publish, flows }: {
  database: Pick<Database, 'begin'> & Transaction
  changes: Pick<ChangeStore, 'append'>
  publish: (changes: Change[]) => void
  flows: Pick<Flows, 'runForUser'>
}) {
  return { commit, commitUnlessNull, commitStatement }

  /**
   * Runs the work in a transaction, publishes its changes and returns its result. Throws the error of the work.
   * @param userId the user whose row the work locks, if its request may not be signed in as that user: the work then
   * waits for its connection with all other work upon that user, so that few connections ever wait for one row
   */
  async function commit<T> (work: (unit: UnitOfWork) => Promise<T>, userId?: string): Promise<T> {
    return await inFlowOf(userId, () => publishAfter(written => database.begin(tx => work(unitOf(tx, written)))))
  }

  /** Like `commit`, but rolls back if the work returns null: it has found that it must not happen. */
  async function commitUnlessNull<T> (
    work: (unit: UnitOfWork) => Promise<T | null>,
    userId?: string
  ): Promise<T | null> {
    try {
      return await commit(async unit => {
        const result = await work(unit)
        if (result === null) throw new RolledBack()
        return result
      }, userId)
    } catch (error) {
      if (error instanceof RolledBack) return null
      throw error
    }
  }

  /**
   * Like `commit`, for work that is one statement and writes its changes itself. It runs outside a transaction, because
   * a statement commits itself; that saves the round trips of a transaction.
   */
  async function commitStatement<T> (
    work: (unit: Pick<UnitOfWork, 'tx' | 'note'>) => Promise<T>,
    userId?: string
  ): Promise<T> {
    return await inFlowOf(userId, () => publishAfter(written => work(unitOf(database, written))))
  }

  function inFlowOf<T> (userId: string | undefined, work: () => Promise<T>): Promise<T> {
    return userId === undefined ? work() : flows.runForUser(userId, work)
  }

  async function publishAfter<T> (run: (written: Change[]) => Promise<T>): Promise<T> {
    const written: Change[] = []
    const result = await run(written)
    publish(written)
    return result
  }

  function unitOf (tx: Transaction, written: Change[]): UnitOfWork {
    return {
      tx,
      change: async change => { written.push(await changes.append(tx, change)) },
      note: changes => { written.push(...changes) }
    }
  }
}

/** Thrown to roll back a transaction whose work has returned null. It never leaves this file. */
class RolledBack extends Error {}
