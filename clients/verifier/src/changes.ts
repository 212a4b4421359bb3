import type { Change, ChangeKind } from '../../../lib/changes/change.ts'
import { endReasons } from '../../../lib/errors.ts'
import type { EndReason } from '../../../lib/errors.ts'
import { fieldsOf } from './fields.ts'

/** A change as a node tells it. */
export interface ToldChange extends Change {
  /** With `keys_changed`: what a node must have read to know the keys of then. Older nodes do not tell it. */
  asOf: string | null
}

const kinds: ReadonlySet<unknown> = new Set<ChangeKind>([
  'session_ended', 'user_epoch', 'everyone', 'user_changed', 'vendor_changed', 'keys_changed'
])

/**
 * The changes of an event. Kinds of later versions are left out. A reason of a later version becomes `signed_out`,
 * because what has ended has ended whatever the reason.
 */
export function readChanges (data: unknown): ToldChange[] {
  const { changes } = fieldsOf(data)
  if (!Array.isArray(changes)) throw new Error('an event has no list of changes')
  return changes.flatMap(readChange)
}

function readChange (value: unknown): ToldChange[] {
  const { kind, subject_id: subjectId, except_id: exceptId, number, reason, as_of: asOf, ...others } = fieldsOf(value)
  const { vendor_status: status } = others
  if (!isKind(kind)) return []

  return [{
    kind,
    subjectId: textOf(subjectId),
    exceptId: textOf(exceptId),
    number: typeof number === 'number' ? number : null,
    reason: reason === undefined ? null : isReason(reason) ? reason : 'signed_out',
    asOf: textOf(asOf),
    ...((status === 'active' || status === 'suspended') && { vendorStatus: status })
  }]
}

function isKind (kind: unknown): kind is ChangeKind {
  return kinds.has(kind)
}

function isReason (reason: unknown): reason is EndReason {
  return endReasons.some(known => known === reason)
}

function textOf (value: unknown) {
  return typeof value === 'string' ? value : null
}
