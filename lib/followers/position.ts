import type { Cursor } from '../changes/change-store.ts'

/**
 * How far a follower has heard. It knows every change of a transaction of this Postgres server whose number is below
 * `end`, except of those that were running. These are the terms of a snapshot of Postgres, so any node can continue a
 * position of any other node.
 */
export interface Position { end: number, running: number[], server: string }

/** The most transactions in the text of a position. */
const runningMax = 20

const pattern = new RegExp(`^[0-9]{1,15}\\.[0-9]{1,40}(\\.[0-9]{1,15}){0,${runningMax}}$`)

/** The position of a follower that was told everything that a read has found. */
export function positionOf ({ snapshot, server }: Cursor): Position {
  const [, end = '', running = ''] = snapshot.split(':')
  return { end: Number(end), running: running === '' ? [] : running.split(',').map(Number), server: digitsOf(server) }
}

/** Whether a follower at this position knows everything that was known at the other one. */
export function includes ({ end, running, server }: Position, other: Position): boolean {
  return server === other.server && end >= other.end &&
    running.every(number => number >= other.end || other.running.includes(number))
}

/**
 * A position as text that needs no escaping in a header or a URL. With many transactions at once it is the position
 * before all of them, and some changes are told twice.
 */
export function renderPosition ({ end, running, server }: Position): string {
  if (running.length > runningMax) return `${Math.min(...running)}.${server}`
  return [end, server, ...running].join('.')
}

/**
 * A position as text, or one after it: of many transactions at once only the oldest count as running, because the
 * others will soon have ended. A node that knows everything at the text's position knows everything at this one.
 */
export function renderPositionAfter ({ end, running, server }: Position): string {
  return [end, server, ...running.slice(0, runningMax)].join('.')
}

/** Reads what `renderPosition` and `renderPositionAfter` have written; null for anything else. */
export function readPosition (text: string | undefined): Position | null {
  if (text === undefined || !pattern.test(text)) return null
  const [end, server = '', ...running] = text.split('.')
  return { end: Number(end), running: running.map(Number), server }
}

/** The digits of the time at which a server was started. */
function digitsOf (server: string) {
  return server.replace(/\D/g, '')
}
