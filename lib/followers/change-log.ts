import type { Cursor } from '../changes/change-store.ts'
import { includes, positionOf } from './position.ts'
import type { Position } from './position.ts'

export type ChangeLog = ReturnType<typeof createChangeLog>

/**
 * The changes that this node has read lately, so that a follower which was away for a while is told what it has missed
 * without a question to Postgres. It keeps `changesMax` changes, rendered in pieces: so each is rendered once, however
 * many followers have missed it. Any node can continue the position of any other one, because positions are those of
 * Postgres.
 */
export function createChangeLog ({ changesMax }: { changesMax: number }) {
  let reads: { number: number, position: Position, count: number, rendered: Buffer[] }[] = []
  let size = 0
  /** How many reads were added, and how many of the first ones were dropped. */
  let added = 0
  let dropped = 0
  /** The log has every change that this node has read and that was not known at this position. */
  let beginning: Position | null = null

  return { restart, add, since, after, get added () { return added } }

  /** Forgets everything: this node has started over, at this cursor. */
  function restart (cursor: Cursor) {
    reads = []
    size = 0
    dropped = added
    beginning = positionOf(cursor)
  }

  /** Adds the changes of a read: how many they are, and their pieces. */
  function add (cursor: Cursor, count: number, rendered: Buffer[]) {
    reads.push({ number: ++added, position: positionOf(cursor), count, rendered })
    size += count
    while (size > changesMax) {
      const oldest = reads.shift()
      if (oldest === undefined) return
      size -= oldest.count
      dropped = oldest.number
      beginning = oldest.position
    }
  }

  /** The changes that a follower at this position may have missed; null if the log cannot know all of them. */
  function since (position: Position): Buffer[] | null {
    if (beginning === null || !includes(position, beginning)) return null
    return reads.filter(read => !includes(position, read.position)).flatMap(({ rendered }) => rendered)
  }

  /** The changes of all reads after this many were added; null if some of them have been dropped. */
  function after (count: number): Buffer[] | null {
    if (count < dropped) return null
    return reads.filter(({ number }) => number > count).flatMap(({ rendered }) => rendered)
  }
}
