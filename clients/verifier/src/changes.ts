import type { Change, ChangeKind } from '../../../lib/changes/change.ts'
import { endReasons } from '../../../lib/errors.ts'
import type { EndReason } from '../../../lib/errors.ts'
import { fieldsOf } from './fields.ts'

const kinds: ReadonlySet<unknown> = new Set<ChangeKind>([
  'session_ended', 'user_epoch', 'everyone', 'user_changed', 'vendor_changed', 'keys_changed'
])

/**
 * The changes of an event. Kinds of later versions are left out. A reason of a later version becomes `signed_out`,
 * because what has ended has ended whatever the reason.
 */
export function readChanges (data: unknown): Change[] {
  const { changes } = fieldsOf(data)
  if (!Array.isArray(changes)) throw new Error('an event has no list of changes')
  return changes.flatMap(readChange)
}

function readChange (value: unknown): Change[] {
  const { kind, subject_id: subjectId, except_id: exceptId, number, reason, vendor_status: status } = fieldsOf(value)
  if (!isKind(kind)) return []

  return [{
    kind,
    subjectId: textOf(subjectId),
    exceptId: textOf(exceptId),
    number: typeof number === 'number' ? number : null,
    reason: reason === undefined ? null : isReason(reason) ? reason : 'signed_out',
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
