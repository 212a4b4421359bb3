import type { EndReason } from '../errors.ts'

export type ChangeKind =
  | 'session_ended'
  | 'user_epoch'
  | 'everyone'
  | 'user_changed'
  | 'vendor_changed'
  | 'roles_changed'
  | 'keys_changed'

/** A change that every node must know at once; one row of the feed. */
export interface Change {
  kind: ChangeKind
  /** The session, user or vendor that has changed. */
  subjectId: string | null
  /** The one session of the user that survives a raise of the epoch. */
  exceptId: string | null
  /** The new epoch or version. */
  number: number | null
  reason: EndReason | null
  /** The status of a vendor that has changed: as of this change, or as of a later one that was committed by then. */
  vendorStatus?: VendorStatus
}

export type VendorStatus = 'active' | 'suspended'
