import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import type { Audit } from '../audit/audit.ts'
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
  /** Counts what failed, by the network of the client; null where limits are lifted. */
  statuses: Pick<RateLimitStatuses, 'record'>
  failures: Pick<RequestLimits, 'take'> | null
  clock: Pick<Clock, 'now' | 'monotonic'>
}

export type Services = ReturnType<typeof createServices>

/** A secret that a node does not know makes it read all hashes, but at most once in this time (ms). */
const lookUpEveryMs = 1000
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * The services that may ask about tokens, and their credentials. A secret has 256 random bits: a fast
 * hash is enough, and nobody guesses one.
 *
 * The hashes are in each node's memory, where wrong secrets end: however many a stranger sends, they
 * cost Postgres a read a second, and rows of the trail until the limit. A right one is asked of Postgres
 * each time, so a credential that is revoked is dead on every node with the commit. What failed is
 * counted by the client's network and only after the look, so nobody who sends wrong secrets, from the
 * service's own address even, shuts it out.
 */
export function createServices ({ database, store, audit, failures, statuses, clock }: ServiceParts) {
  const decoy = randomBytes(32)
  const hashes = createFollowed(readHashes, { name: 'the credentials of services', clock, initial: new Map() })
  const lookUp = createSharedRead(hashes.read, { clock, everyMs: lookUpEveryMs })

  return { authenticate, create, revoke }

  /**
   * The service that these credentials are of. Throws `invalid_credentials`, the same and in the same time for an
   * unknown id and a wrong secret; `rate_limited` instead for whoever has failed too often.
   */
  async function authenticate (credentials: Credentials, caller: Caller): Promise<Service> {
    const service = await prove(credentials)
    if (service) return service

    const status = failures?.take(clientNetwork(caller.ip))
    if (status) statuses.record(caller, { ...status, policy: 'service' })
    if (status && !status.isWithin) throw rateLimited(status)

    // Whatever else stands in the place of an id may be a secret that went astray.
    await audit.record(database, {
      event: 'authn_service_fail', outcome: 'failure', subject: null, caller, personal: { credential: uuid.test(credentials.id) ? credentials.id : null }
    })
    throw new Refusal('invalid_credentials')
  }

  /**
   * Makes a credential; the secret is told here and never again. Throws `invalid_request` for a name that is none.
   * `credentials` is how many the service has now.
   */
  async function create ({ name, mayRevoke }: Pick<Service, 'name' | 'mayRevoke'>, caller: Caller) {
    if (!/^[a-z][a-z0-9-]{0,62}$/.test(name)) {
      throw new Refusal('invalid_request', { errors: [{ path: '/name', code: 'wrong_format', message: 'A name has 1 to 63 small letters, digits and hyphens and begins with a letter.' }] })
    }
    const [id, secret] = [randomUUID(), randomBytes(32).toString('base64url')]

    const credentials = await database.begin(async tx => {
      await store.insert(tx, { id, name, mayRevoke, secretHash: digest(secret), createdAt: new Date(clock.now()) })
      await audit.record(tx, { event: 'service_created', outcome: 'success', reason: name, subject: subject(id), caller })
      return await store.count(tx, name)
    })
    lookUp.forget()
    return { id, secret, name, mayRevoke, credentials }
  }

  /**
   * Revokes all credentials of a service, or one of them; dead on every node from here on. Throws
   * `not_found` when there is none. `credentials` is how many are left.
   */
  async function revoke ({ name, id = null }: { name: string, id?: string | null }, caller: Caller) {
    return await database.begin(async tx => {
      const revoked = id === null || uuid.test(id) ? await store.remove(tx, name, id) : []
      if (revoked.length === 0) throw new Refusal('not_found', { cause: new Error(id === null ? `There is no service "${name}".` : `The service "${name}" has no credential ${id}.`) })

      for (const id of revoked) await audit.record(tx, { event: 'service_revoked', outcome: 'success', reason: name, subject: subject(id), caller })
      return { name, revoked, credentials: await store.count(tx, name) }
    })
  }

  async function prove ({ id, secret }: Credentials): Promise<Service | null> {
    const hash = digest(secret)
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

function digest (secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

// A credential is nobody's person: it is named in clear, and nothing personal is kept with it.
function subject (id: string) {
  return { id, wrappedKey: null }
}
