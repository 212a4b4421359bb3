import type { Change, ChangeKind } from '../changes/change.ts'

/** What followers are told of. Roles are left out: what a role may do here says nothing about another service. */
const kindsTold: ReadonlySet<ChangeKind> = new Set([
  'session_ended', 'user_epoch', 'everyone', 'user_changed', 'vendor_changed', 'keys_changed'
])

/** The changes of these that followers are told of. */
export function toldOf (changes: Change[]): Change[] {
  return changes.filter(({ kind }) => kindsTold.has(kind))
}

/** A change as followers receive it. What it does not have is left out. */
export function renderChange ({ kind, subjectId, exceptId, number, reason, vendorStatus }: Change): string {
  return JSON.stringify({
    kind,
    ...(subjectId !== null && { subject_id: subjectId }),
    ...(exceptId !== null && { except_id: exceptId }),
    ...(number !== null && { number }),
    ...(reason !== null && { reason }),
    ...(vendorStatus && { vendor_status: vendorStatus })
  })
}

/** Changes as the items of a JSON array, without its brackets. */
export function renderChanges (changes: Change[]): string {
  return toldOf(changes).map(renderChange).join(',')
}

/** An event of a stream (HTML, section 9.2.5); `data` is JSON, and has no line break. */
export function renderEvent (event: string, data: string, id?: string): Buffer {
  return Buffer.from(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`)
}
