import { hashEvent } from '../chain.ts'
import { macToleranceMs, nonceOf } from '../macs.ts'
import type { Authenticity, EventMacs } from '../macs.ts'
import type { StoredEvent } from '../event.ts'
import type { AuditSealStore } from '../seal-store.ts'

/** What verification keeps of a row until a seal has named it. Its time is in microseconds since 1970. */
export interface Found { at: number, xid: bigint, hash: Buffer, authenticity: Authenticity }

export type Rows = ReturnType<typeof createRows>

const rowsPerPage = 5000

/** Reads the rows of the trail in the order of their ids, and keeps those that no seal has named so far. */
export function createRows (store: Pick<AuditSealStore, 'events'>, macs: Pick<EventMacs, 'check'>) {
  const nonces = createNonces()
  const waiting = new Map<number, Found>()
  const twice: number[] = []
  let page: StoredEvent[] = []
  let next = 0
  let last = Number.MIN_SAFE_INTEGER
  let isOver = false
  let count = 0

  return {
    advance,
    take,
    /** Rows that have been read and that no seal has named. */
    waiting,
    /** Ids that a second row had while the first one waited. */
    twice,
    /** How many rows have been read. */
    read: () => count
  }

  /** Reads all rows up to an id. */
  async function advance (id: number) {
    for (;;) {
      for (; next < page.length; next++) {
        const row = page[next]
        if (row === undefined || row.id > id) return
        add(row)
      }
      if (isOver || last >= id) return
      page = await readPage()
      next = 0
    }
  }

  async function readPage () {
    const found = await store.events(last, rowsPerPage)
    isOver = found.length < rowsPerPage
    // A page that ended between two rows of one id would lose the second one.
    const end = found.at(-1)?.id ?? last
    const whole = isOver || found[0]?.id === end ? found : found.filter(({ id }) => id < end)
    last = whole.at(-1)?.id ?? last
    return whole
  }

  function add (row: StoredEvent) {
    count++
    if (waiting.has(row.id)) twice.push(row.id)
    else {
      const authenticity = authenticityOf(row)
      waiting.set(row.id, { at: row.at, xid: BigInt(row.xid), hash: hashEvent(row), authenticity })
    }
  }

  function authenticityOf (row: StoredEvent): Authenticity {
    const authenticity = macs.check(row)
    const isCopied = authenticity === 'valid' && row.mac !== null && nonces.recall(nonceOf(row.mac), row.at)
    return isCopied ? 'invalid' : authenticity
  }

  /** Removes the row of an id from those that wait and returns it. */
  function take (id: number): Found | undefined {
    const row = waiting.get(id)
    waiting.delete(id)
    return row
  }
}

/**
 * Remembers nonces as long as a copy of their MAC could pass: its event must be within the tolerance of the MAC's time,
 * so two events with one MAC are at most twice the tolerance apart.
 */
function createNonces () {
  const keptMicros = 2 * macToleranceMs * 1000
  let recent = new Set<string>()
  let older = new Set<string>()
  let since = -Infinity

  return { recall }

  /** Remembers a nonce. Returns whether it has occurred before. */
  function recall (nonce: string, at: number): boolean {
    if (at - since > keptMicros) {
      older = recent
      recent = new Set()
      since = at
    }
    if (recent.has(nonce) || older.has(nonce)) return true
    recent.add(nonce)
    return false
  }
}
