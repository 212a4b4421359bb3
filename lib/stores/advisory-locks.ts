/**
 * The advisory locks of a Latchkey database, all of them taken by transactions. A number means nothing by itself,
 * but every node and every version of Latchkey must use the same one for the same purpose: never change one.
 */
export const advisoryLocks = {
  /** Migrating: one process at a time, the others wait. */
  migrations: 5_282_439_206n,
  /** Making and dropping the audit trail's partitions. Taken by functions of sql/019 and sql/020, not by lib. */
  auditPartitions: 5_282_439_207n,
  /** Sealing the audit trail: one node at a time, the others do without. */
  auditSeals: 5_282_439_208n,
  /** Changing the ring of signing keys: one node at a time; `hashtextextended('latchkey signing keys', 0)`. */
  signingKeys: 65_621_599_271_873_896n
} as const

/**
 * Advisory locks of two numbers, of which the second is a hash of what is locked. Their space is not that of the locks
 * above. Two subjects with one hash only wait for each other.
 */
export const advisoryLockClasses = {
  /** Beginning a code for an address. */
  codes: 528_244
} as const
