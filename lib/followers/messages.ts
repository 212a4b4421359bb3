import type { Change, ChangeKind } from '../changes/change.ts'

/** What followers are told of. Roles are left out: what a role may do here says nothing about another service. */
const kindsTold: ReadonlySet<ChangeKind> = new Set([
  'session_ended', 'user_epoch', 'everyone', 'user_changed', 'vendor_changed', 'keys_changed'
])

/** The changes of these that followers are told of. */
export function toldOf (changes: Change[]): Change[] {
  return changes.filter(({ kind }) => kindsTold.has(kind))
}

/** Stands at the end of a state, so that its reader reads the published keys again. */
export const keysChanged: Change = {
  kind: 'keys_changed', subjectId: null, exceptId: null, number: null, reason: null
}

/**
 * A change as followers receive it. What it does not have is left out.
 * @param asOf what a node must have read to know of a change of the keys
 */
function renderChange (
  { kind, subjectId, exceptId, number, reason, vendorStatus }: Change, asOf: string
): string {
  return JSON.stringify({
    kind,
    ...(kind === 'keys_changed' && { as_of: asOf }),
    ...(subjectId !== null && { subject_id: subjectId }),
    ...(exceptId !== null && { except_id: exceptId }),
    ...(number !== null && { number }),
    ...(reason !== null && { reason }),
    ...(vendorStatus && { vendor_status: vendorStatus })
  })
}

/** Changes as the items of a JSON array, with a comma before each; `asOf` as for `renderChange`. */
export function renderChanges (changes: Change[], asOf: string): Buffer {
  return ownBuffer(toldOf(changes).map(change => `,${renderChange(change, asOf)}`).join(''))
}

/** Rendered changes as the items of a JSON array, without the comma before the first one. */
export function itemsOf ([first, ...others]: Buffer[]): Buffer[] {
  return first ? [first.subarray(1), ...others] : []
}

/** An event of a stream (HTML, section 9.2.5); `data` is JSON, and has no line break. */
export function renderEvent (event: string, data: string, id?: string): Buffer {
  return Buffer.from(`${renderEventStart(event, id)}${data}${eventEnd}`)
}

/** The event that tells rendered changes. They are only copied, however many they are. */
export function renderChangesEvent (rendered: Buffer[], id: string): Buffer {
  const start = Buffer.from(`${renderEventStart('changes', id)}{"changes":[`)
  return Buffer.concat([start, ...itemsOf(rendered), Buffer.from(`]}${eventEnd}`)])
}

/** What comes before the data of an event. */
export function renderEventStart (event: string, id?: string): string {
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: `
}

/** What comes after the data of an event. */
export const eventEnd = '\n\n'

// Buffer.from takes a short one from memory that it shares with others, all of which stays for as long as one of them.
function ownBuffer (text: string): Buffer {
  const buffer = Buffer.allocUnsafeSlow(Buffer.byteLength(text))
  buffer.write(text)
  return buffer
}
