import type { Actor } from '../access/authentication.ts'
import { Refusal } from '../errors.ts'
import type { RateLimits } from '../throttling/rate-limits.ts'

const retryAfterSeconds = 3600

/**
 * Counts a mail that an administrator causes, then does the work that sends it. The mail is counted for its address
 * and the administrator's session, at the same rate as a stranger's. Public endpoints hide that this limit is reached;
 * an administrator is told.
 * @param mail `kind`, and the canonical address
 * @throws Refusal `rate_limited`; `unavailable`; what `work` throws
 */
export async function countMail<T> (
  rateLimits: Pick<RateLimits, 'countMail'>,
  mail: { kind: string, address: string },
  { principal, caller }: Actor,
  work: () => Promise<T>
): Promise<T> {
  return await rateLimits.countMail({ ...mail, caller, owner: principal.sessionId }, async mayMail => {
    if (!mayMail) throw new Refusal('rate_limited', { retryAfter: retryAfterSeconds })
    return await work()
  })
}
