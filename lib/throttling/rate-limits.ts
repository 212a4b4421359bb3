import { createHmac } from 'node:crypto'
import type { Caller } from '../http/caller.ts'
import { clientNetwork } from '../http/client-address.ts'
import type { Config, Rate } from '../config/config.ts'
import { Refusal } from '../errors.ts'
import { rateLimited } from '../http/rate-limit-status.ts'
import type { RateLimitStatuses } from '../http/rate-limit-status.ts'
import type { Log, RateLimitStore } from './rate-limit-store.ts'

/** What is limited by itself, named as clients are told. */
export type Policy = 'login' | 'register' | 'verify-email' | 'password-reset' | 'export' | 'email-change'

/** What a request counts for: the network of its client, the device that it is known to come from, or the user who has proved a session. */
export interface LimitedAct { policy: Policy, caller: Caller, deviceId?: string | null, userId?: string }

/** A mail that a request causes; notices of what has happened are not among them. */
export interface CausedMail {
  /** Mails of one kind count together at their address. */
  kind: string
  /** The canonical address. */
  address: string
  caller: Caller
  /** A device that the account knows, or a session of it: counted by itself, out of strangers' reach. */
  owner?: string | undefined
}

/** An export reads all that there is of a user. */
const exportRates: readonly Rate[] = [{ limit: 5, window: 3_600_000 }]

export type RateLimits = ReturnType<typeof createRateLimits>

/**
 * The limits that hold across nodes: exact, in Redis, and never lifted because Redis does not answer.
 * What lies there names nobody: every subject is an HMAC under `key`.
 */
export function createRateLimits ({ store, statuses, keys: [key = Buffer.alloc(0)], limits }: {
  store: RateLimitStore, statuses: Pick<RateLimitStatuses, 'record'>, keys: Buffer[], limits: Config['rateLimits']
}) {
  // A code or a token is guessed like a password, so it is counted like one, by itself.
  const ratesOf: Record<Policy, readonly Rate[]> = { login: limits.login, register: limits.register, 'verify-email': limits.login, 'email-change': limits.login, 'password-reset': limits.login, export: exportRates }

  return { count, countMail }

  /**
   * Counts an act before it is done. What could not be done because something does not answer or is
   * overloaded (503) does not stay counted: an outage is not followed by a wait.
   * @throws Refusal `rate_limited`, then nothing has been counted; `unavailable`; what `work` throws
   */
  async function count<T> ({ policy, caller, deviceId = null, userId }: LimitedAct, work: () => Promise<T>): Promise<T> {
    if (!limits.enabled) return await work()

    const who = userId !== undefined ? ['user', userId] : deviceId !== null ? ['device', deviceId] : ['client', clientNetwork(caller.ip)]
    const subject = name(policy, ...who)
    const logs = [{ key: `limit:${policy}:{${subject}}`, rates: ratesOf[policy] }]
    const { isCounted, moment, counts } = await store.count(logs)
    statuses.record(caller, { policy, counts, isWithin: isCounted })
    if (!isCounted) throw rateLimited({ counts })

    return await work().catch(error => takeBack(logs, moment, error))
  }

  /**
   * Counts a mail, then does what causes it and tells it whether the mail may be sent. Who asks is not
   * told: the answer stays the same, for an address with an account and without one.
   * @throws Refusal `unavailable`; what `work` throws
   */
  async function countMail<T> ({ kind, address, caller, owner }: CausedMail, work: (mayMail: boolean) => Promise<T>): Promise<T> {
    if (!limits.enabled) return await work(true)

    // One tag for all that is counted of an address, so that one script may reach it in a Redis Cluster.
    const tag = `limit:mail:{${name('mail', address)}}`
    const logs = owner === undefined
      ? [
          { key: `${tag}:${name('mail', 'client', clientNetwork(caller.ip), address)}`, rates: limits.mail },
          { key: `${tag}:${kind}`, rates: limits.mailAddress }
        ]
      : [{ key: `${tag}:${name('mail', 'owner', owner, address)}`, rates: limits.mail }]
    const { isCounted, moment } = await store.count(logs)
    return await work(isCounted).catch(error => isCounted ? takeBack(logs, moment, error) : Promise.reject(error))
  }

  // What cannot be taken back stays counted: the store that is asked may be the one that is away.
  async function takeBack (logs: Log[], moment: string, error: unknown): Promise<never> {
    if (error instanceof Refusal && error.status === 503) await store.uncount(logs, moment).catch(() => {})
    throw error
  }

  function name (...parts: string[]) {
    return createHmac('sha256', key).update(JSON.stringify(parts)).digest().subarray(0, 16).toString('base64url')
  }
}
