import { adminOperations } from './generated/operations.ts'
import type { Latchkey } from './latchkey.ts'
import { operationsOf } from './operations.ts'

/**
 * The calls of administration, for a user who may make them: users, vendors, roles, the audit trail.
 *
 * @param latchkey the client of the signed-in administrator
 */
export function administration (latchkey: Pick<Latchkey, 'call'>) {
  return operationsOf(adminOperations, latchkey.call)
}
