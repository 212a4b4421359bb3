import { randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import type { Audit } from '../audit/audit.ts'
import { sha256 } from '../crypto/sha256.ts'
import { isUuid } from '../crypto/uuids.ts'
import type { Caller } from '../http/caller.ts'
import type { Credentials } from './basic.ts'
import { createFollowed } from '../changes/followed.ts'
import { createSharedRead } from '../changes/shared-read.ts'
import { clientNetwork } from '../http/client-address.ts'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { RequestLimits } from '../throttling/node-limits.ts'
import { rateLimited } from '../http/rate-limit-status.ts'
import type { RateLimitStatuses } from '../http/rate-limit-status.ts'
import type { Database } from '../stores/database.ts'
import type { Service, ServiceStore } from './service-store.ts'

export type { Service } from './service-store.ts'

export interface ServiceParts {
  database: Database
  store: ServiceStore
  audit: Audit
  statuses: Pick<RateLimitStatuses, 'record'>
  /** Counts failures by the network of the caller; null if limits are disabled. */
  failures: Pick<RequestLimits, 'take'> | null
  clock: Pick<Clock, 'now' | 'monotonic'>
}

export type Services = ReturnType<typeof createServices>

/** An unknown secret makes a node read all hashes again, but at most once in this time. */
const readIntervalMs = 1000
const secretBytes = 32
const hashBytes = 32
const namePattern = /^[a-z][a-z0-9-]{0,62}$/

/**
 * The services that may introspect tokens, and their credentials. A secret has 256 random bits: it cannot be guessed,
 * so a fast hash is enough.
 *
 * Each node has the hashes in memory and rejects wrong secrets there: any number of them costs Postgres one read a
 * second, and audit events up to the limit. A right secret is confirmed by Postgres each time, so a revoked credential
 * is invalid on every node from the commit on. Failures are counted by the caller's network, and only after the check:
 * wrong secrets cannot lock out a service, even if they come from its own address.
 */
export function createServices ({ database, store, audit, failures, statuses, clock }: ServiceParts) {
  // An unknown id is compared with this, so that it takes as long as a wrong secret.
  const decoy = randomBytes(hashBytes)
  const hashes = createFollowed(readHashes, { name: 'the credentials of services', clock, initial: new Map() })
  const lookUp = createSharedRead(hashes.read, { clock, everyMs: readIntervalMs })

  return { authenticate, recognises, create, revoke, followers: store.followers }

  /**
   * The service that has these credentials.
   * @throws Refusal `invalid_credentials`, alike and after the same time for an unknown id and a wrong secret;
   * `rate_limited` instead after too many failures
   */
  async function authenticate (credentials: Credentials, caller: Caller): Promise<Service> {
    const service = await prove(credentials)
    if (service) return service

    const status = failures?.take(clientNetwork(caller.ip))
    if (status) statuses.record(caller, { ...status, policy: 'service' })
    if (status && !status.isWithin) throw rateLimited(status)

    await audit.record(database, {
      event: 'authn_service_fail',
      outcome: 'failure',
      subject: null,
      caller,
      // Only an id is stored: any other text may be a secret that was sent in the wrong field.
      personal: { credential: isUuid(credentials.id) ? credentials.id : null }
    })
    throw new Refusal('invalid_credentials')
  }

  /**
   * Creates a credential. The secret (base64url) is returned here and never again; `credentials` is how many the
   * service has now.
   * @throws Refusal `invalid_request` for an invalid name
   */
  async function create (
    { name, mayRevoke, mayFollow }: Pick<Service, 'name' | 'mayRevoke' | 'mayFollow'>,
    caller: Caller
  ) {
    if (!namePattern.test(name)) throw invalidName()
    const id = randomUUID()
    const secret = randomBytes(secretBytes).toString('base64url')
    const service = { id, name, mayRevoke, mayFollow, secretHash: sha256(secret), createdAt: new Date(clock.now()) }

    const credentials = await database.begin(async tx => {
      await store.insert(tx, service)
      await audit.record(tx, {
        event: 'service_created',
        outcome: 'success',
        reason: name,
        subject: subject(id),
        caller
      })
      return await store.count(tx, name)
    })
    lookUp.forget()
    return { id, secret, name, mayRevoke, mayFollow, credentials }
  }

  /**
   * Revokes all credentials of a service, or one of them. They are invalid on every node afterwards. `revoked` has
   * their ids, `credentials` is how many are left.
   * @throws Refusal `not_found` if there is none
   */
  async function revoke ({ name, id = null }: { name: string, id?: string | null }, caller: Caller) {
    return await database.begin(async tx => {
      const revoked = id === null || isUuid(id) ? await store.remove(tx, name, id) : []
      if (revoked.length === 0) throw notFound(name, id)

      for (const id of revoked) {
        await audit.record(tx, {
          event: 'service_revoked',
          outcome: 'success',
          reason: name,
          subject: subject(id),
          caller
        })
      }
      return { name, revoked, credentials: await store.count(tx, name) }
    })
  }

  /**
   * Whether these credentials were right when this node last read them. It decides whose turn at the stores a request
   * takes, and nothing else: only `authenticate` knows that they have not been revoked.
   */
  function recognises ({ id, secret }: Credentials): boolean {
    return isKnown(id, sha256(secret))
  }

  async function prove ({ id, secret }: Credentials): Promise<Service | null> {
    const hash = sha256(secret)
    if (!isKnown(id, hash)) await lookUp.read()
    return isKnown(id, hash) ? await store.find(id) : null
  }

  function isKnown (id: string, hash: Buffer) {
    return timingSafeEqual(hashes.current.get(id) ?? decoy, hash)
  }

  async function readHashes (): Promise<ReadonlyMap<string, Buffer>> {
    return new Map((await store.hashes()).map(({ id, secretHash }) => [id, secretHash]))
  }
}

function invalidName () {
  const message = 'A name has 1 to 63 small letters, digits and hyphens and begins with a letter.'
  return new Refusal('invalid_request', { errors: [{ path: '/name', code: 'wrong_format', message }] })
}

function notFound (name: string, id: string | null) {
  const message = id === null ? `There is no service "${name}".` : `The service "${name}" has no credential ${id}.`
  return new Refusal('not_found', { cause: new Error(message) })
}

// A credential is no person: its id is stored in clear, and its events carry no personal data.
function subject (id: string) {
  return { id, wrappedKey: null }
}
