import { createHmac } from 'node:crypto'
import type { Caller } from '../http/caller.ts'
import { clientNetwork } from '../http/client-address.ts'
import type { Config, Rate } from '../config/config.ts'
import { Refusal } from '../errors.ts'
import { rateLimited } from '../http/rate-limit-status.ts'
import type { RateLimitStatuses } from '../http/rate-limit-status.ts'
import type { Log, RateLimitStore } from './rate-limit-store.ts'

/** An action with a limit of its own, by the name that responses show. */
export type Policy =
  | 'login'
  | 'register'
  | 'verify-email'
  | 'password-reset'
  | 'password-change'
  | 'reauthenticate'
  | 'second-factor'
  | 'export'
  | 'email-change'
  | 'profile'

/**
 * A request that is counted: for its user if a session is proved, else for the known device that it comes from, else
 * for the network of the caller.
 */
export interface LimitedRequest {
  policy: Policy
  caller: Caller
  deviceId?: string | null
  userId?: string
}

/** A mail that a request causes. Notices of events that have happened are not counted. */
export interface CausedMail {
  /** Mails of one kind count together at their address. */
  kind: string
  /** The canonical address. */
  address: string
  caller: Caller
  /**
   * A device that the account knows, or one of its sessions. It is counted separately, so strangers cannot use it up.
   */
  owner?: string | undefined
}

/** An export reads everything that is stored about a user, so it may happen five times an hour. */
const exportRates: readonly Rate[] = [{ limit: 5, window: 3_600_000 }]

/** Each write of a profile is a version, an audit event and a row that every node reads. */
const profileRates: readonly Rate[] = [{ limit: 60, window: 900_000 }]

/** Events about refused mails: enough to see that somebody floods an address, too few to flood the audit trail. */
const refusalRates: readonly Rate[] = [{ limit: 1, window: 60_000 }]

/**
 * Wrong codes for one address, over all of its registrations: anybody can make registrations, each with tries of its
 * own. With 20 of a million codes an hour, a guesser needs four years for an even chance.
 */
const guessRates: readonly Rate[] = [{ limit: 20, window: 3_600_000 }]

export type RateLimits = ReturnType<typeof createRateLimits>

/**
 * The limits that hold across nodes: exact counts in Redis. A request that cannot be counted is refused with
 * `unavailable`. Nothing in Redis names a person: every subject is an HMAC under the first of `keys`.
 */
export function createRateLimits ({ store, statuses, keys: [key = Buffer.alloc(0)], limits }: {
  store: RateLimitStore
  statuses: Pick<RateLimitStatuses, 'record'>
  keys: Buffer[]
  limits: Config['rateLimits']
}) {
  // A code or a token can be guessed like a password, so it has the same rates, with its own count.
  const ratesOf: Record<Policy, readonly Rate[]> = {
    login: limits.login,
    register: limits.register,
    'verify-email': limits.login,
    'email-change': limits.login,
    'password-reset': limits.login,
    // A right password costs a hash, too, so a user's tries count together, whether right or wrong.
    'password-change': limits.login,
    reauthenticate: limits.login,
    'second-factor': limits.secondFactor,
    export: exportRates,
    profile: profileRates
  }

  return { count, countMail, mayRecordRefusal, countGuess }

  /**
   * Counts a request before its work is done. If the work fails because something is unavailable or overloaded (503),
   * the request is uncounted, so that an outage is not followed by a wait.
   * @throws Refusal `rate_limited`, in which case nothing has been counted; `unavailable`
   * @throws the error of `work`
   */
  async function count<T> (request: LimitedRequest, work: () => Promise<T>): Promise<T> {
    if (!limits.enabled) return await work()

    const { policy, caller } = request
    const subject = name(policy, ...subjectOf(request))
    const logs = [{ key: `limit:${policy}:{${subject}}`, rates: ratesOf[policy] }]
    const { isCounted, moment, counts } = await store.count(logs)
    statuses.record(caller, { policy, counts, isWithin: isCounted })
    if (!isCounted) throw rateLimited({ counts })

    return await work().catch(error => takeBack(logs, moment, error))
  }

  /**
   * Counts a mail, then does the work that causes it, which learns whether the mail may be sent. The caller does not
   * learn it: the answer is the same, for an address with an account and without one.
   * @throws Refusal `unavailable`
   * @throws the error of `work`
   */
  async function countMail<T> (mail: CausedMail, work: (mayMail: boolean) => Promise<T>): Promise<T> {
    if (!limits.enabled) return await work(true)

    const logs = logsOf(mail)
    const { isCounted, moment } = await store.count(logs)
    return await work(isCounted).catch(error => isCounted ? takeBack(logs, moment, error) : Promise.reject(error))
  }

  /**
   * Whether an event about a mail that was refused may be written now: one a minute for each address and kind.
   * @throws Refusal `unavailable`
   */
  async function mayRecordRefusal ({ kind, address }: Pick<CausedMail, 'kind' | 'address'>): Promise<boolean> {
    const { isCounted } = await store.count([{ key: `${mailTag(address)}:${kind}:refused`, rates: refusalRates }])
    return isCounted
  }

  /**
   * Counts a guess at a code that was mailed to an address, if it is wrong. Nobody may learn whether it is right before
   * this returns: then parallel guesses gain nothing, because a right one behind 20 wrong ones is refused too. It holds
   * also while limits are switched off, like the lockout.
   * @param address the canonical address
   * @throws Refusal `rate_limited`, in which case nothing has been counted; `unavailable`
   */
  async function countGuess (address: string, isRight: boolean) {
    const log = { key: `limit:guess:{${name('guess', address)}}`, rates: guessRates }
    if (isRight) {
      const { isFull, counts } = await store.look(log)
      if (isFull) throw rateLimited({ counts })
    } else {
      const { isCounted, counts } = await store.count([log])
      if (!isCounted) throw rateLimited({ counts })
    }
  }

  function mailTag (address: string) {
    return `limit:mail:{${name('mail', address)}}`
  }

  function logsOf ({ kind, address, caller, owner }: CausedMail): Log[] {
    // All logs of an address have the same hash tag, so that one script may reach them in a Redis Cluster.
    const tag = mailTag(address)
    if (owner !== undefined) return [{ key: `${tag}:${name('mail', 'owner', owner, address)}`, rates: limits.mail }]

    return [
      { key: `${tag}:${name('mail', 'client', clientNetwork(caller.ip), address)}`, rates: limits.mail },
      { key: `${tag}:${kind}`, rates: limits.mailAddress }
    ]
  }

  // If the request cannot be uncounted, it stays counted: Redis may be the store that does not answer.
  async function takeBack (logs: Log[], moment: string, error: unknown): Promise<never> {
    if (error instanceof Refusal && error.status === 503) await store.uncount(logs, moment).catch(() => {})
    throw error
  }

  function name (...parts: string[]) {
    return createHmac('sha256', key).update(JSON.stringify(parts)).digest().subarray(0, 16).toString('base64url')
  }
}

/** The words that name the subject of a request in its log. */
function subjectOf ({ caller, deviceId = null, userId }: LimitedRequest): string[] {
  if (userId !== undefined) return ['user', userId]
  return deviceId !== null ? ['device', deviceId] : ['client', clientNetwork(caller.ip)]
}
