import type { Change, ChangeStore, NewChange } from './change-store.ts'
import type { Database, Transaction } from '../stores/database.ts'

/** What a use case writes with: a transaction, and the table of changes that belongs to it. */
export interface UnitOfWork {
  tx: Transaction
  /** Writes a change in the transaction. It is published after the commit. */
  change: (change: NewChange) => Promise<void>
  /** Takes note of changes that a statement of the transaction has written by itself. They are published with the others. */
  note: (changes: Change[]) => void
}

export type UnitsOfWork = ReturnType<typeof createUnitsOfWork>

/**
 * The only way to write a change: its transaction publishes it. This node's memory has it after the commit and before
 * the caller goes on, the other nodes are woken up. Of what is rolled back nothing is published.
 */
export function createUnitsOfWork ({ database, changes, publish }: {
  database: Pick<Database, 'begin'> & Transaction
  changes: Pick<ChangeStore, 'append'>
  publish: (changes: Change[]) => void
}) {
  return { commit, commitUnlessNull, commitStatement }

  /** Runs the work in a transaction, publishes its changes and answers what the work answers. Throws what the work throws. */
  async function commit<T> (work: (unit: UnitOfWork) => Promise<T>): Promise<T> {
    return await publishAfter(written => database.begin(tx => work(unitOf(tx, written))))
  }

  /** Like `commit`, but work that answers null is rolled back: it has found out that it must not have happened. */
  async function commitUnlessNull<T> (work: (unit: UnitOfWork) => Promise<T | null>): Promise<T | null> {
    try {
      return await commit(async unit => {
        const result = await work(unit)
        if (result === null) throw new RolledBack()
        return result
      })
    } catch (error) {
      if (error instanceof RolledBack) return null
      throw error
    }
  }

  /**
   * Like `commit`, for work of one statement that writes its changes by itself: it commits by itself too, which spares
   * a transaction's round trips.
   */
  async function commitStatement<T> (work: (unit: Pick<UnitOfWork, 'tx' | 'note'>) => Promise<T>): Promise<T> {
    return await publishAfter(written => work(unitOf(database, written)))
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

/** Undoes a transaction whose work has answered null. It never leaves this file. */
class RolledBack extends Error {}
