import type { Audit, Client } from './audit.ts'
import type { ChangeFeed } from './change-feed.ts'
import type { Clock } from './clock.ts'
import type { DeviceTokens } from './device-tokens.ts'
import { canonicalise } from './email-address.ts'
import { Refusal } from './errors.ts'
import type { RefusalCode } from './errors.ts'
import type { Grant, Grants } from './grants.ts'
import type { Metrics } from './metrics.ts'
import type { Passwords } from './passwords.ts'
import type { Principal } from './authentication.ts'
import type { Transport } from './refresh-tokens.ts'
import type { Sessions } from './sessions.ts'
import type { Database } from './stores/database.ts'
import type { KnownDeviceStore } from './stores/known-devices.ts'
import type { User, UserStore } from './stores/users.ts'

export interface LoginRequest {
  email: string
  password: string
  transport: Transport
  deviceName: string | null
  deviceToken?: string | undefined
  /** The only kind of user that the application accepts. */
  userType?: string | undefined
}

export interface LoginParts {
  database: Database
  users: UserStore
  devices: KnownDeviceStore
  sessions: Sessions
  grants: Grants
  passwords: Passwords
  deviceTokens: DeviceTokens
  audit: Audit
  feed: Pick<ChangeFeed, 'publish'>
  metrics: Metrics
  clock: Clock
}

/** Proving a password: signing in, and proving it again within a session. */
export function createLogins ({ database, users, devices, sessions, grants, passwords, deviceTokens, audit, feed, metrics, clock }: LoginParts) {
  return { login, reauthenticate }

  /**
   * Opens a session. A wrong password, an unknown address and a disabled account with a wrong password
   * are one refusal and one amount of work: a read, a hash, an audit event. Only who knows the
   * password learns what else is in the way.
   */
  async function login (request: LoginRequest, client: Client): Promise<Grant> {
    const address = canonicalise(request.email)
    if (!address) throw new Refusal('invalid_request', { errors: [{ path: '/email', code: 'not_an_address', message: 'This is not an email address.' }] })

    const user = await users.findByAddress(address.canonical)
    const isRight = await passwords.verify(user?.passwordHash ?? null, request.password, 'stranger')
    if (!user || !isRight) throw await refuse('invalid_credentials', user, address.canonical, client)

    const obstacle = obstacleOf(user, request.userType)
    if (obstacle) throw await refuse(obstacle, user, address.canonical, client)

    await strengthen(user, request.password)
    return await open(user, request, client)
  }

  /** Checks the password again and moves the session's `auth_time` (RFC 9470); its tokens rotate. */
  async function reauthenticate ({ sessionId }: Pick<Principal, 'sessionId'>, password: string, client: Client): Promise<Grant> {
    const state = await sessions.find(sessionId)
    if (!await passwords.verify(state.passwordHash, password, 'known')) throw await refuse('invalid_credentials', state, state.emailCanonical, client)

    const authTime = new Date(clock.now())
    await database.begin(async tx => {
      if (!await users.lock(tx, state)) throw await sessions.ended(sessionId)
      if (!await sessions.authenticateAgain(tx, state, authTime)) throw await sessions.ended(sessionId)
      await audit.record(tx, { event: 'authn_login_success', outcome: 'success', reason: 'reauthenticated', actorId: state.id, subject: state, sessionId, client })
    })
    return grants.issue(await sessions.advance({ ...state, authTime }))
  }

  async function open (user: User, { transport, deviceName, deviceToken }: LoginRequest, client: Client): Promise<Grant> {
    const deviceId = deviceTokens.recognise(deviceToken)
    const amr = ['pwd']
    const opening = await sessions.prepare(transport)

    const evicted = await database.begin(async tx => {
      if (!await users.signIn(tx, user, opening.now)) throw new Refusal('invalid_credentials')
      await devices.remember(tx, user.id, deviceId, opening.now)
      const changes = await sessions.open(tx, opening, user, { deviceId, deviceName, client, amr })
      await audit.record(tx, { event: 'authn_login_success', outcome: 'success', actorId: user.id, subject: user, sessionId: opening.id, client })
      return changes
    })
    feed.publish(evicted)
    metrics.increment('sign_ins', { outcome: 'success' })

    return grants.issue(sessions.opened(opening, { ...user, lastLoginAt: opening.now }, { deviceId, amr }))
  }

  async function refuse (code: RefusalCode, user: User | null, address: string, client: Client): Promise<Refusal> {
    await audit.record(database, { event: 'authn_login_fail', outcome: 'failure', reason: code, subject: user, client, ...(!user && { address }) })
    metrics.increment('sign_ins', { outcome: code })
    return new Refusal(code)
  }

  // The password is right and its hash is weaker than today's: the moment to make a better one.
  async function strengthen (user: User, password: string) {
    if (!user.passwordHash || !passwords.needsRehash(user.passwordHash)) return
    await users.rehash(user.id, user.passwordHash, await passwords.hash(password, 'stranger'))
  }
}

function obstacleOf (user: User, userType: string | undefined): RefusalCode | null {
  if (user.status === 'disabled') return 'account_disabled'
  if (user.approval === 'pending') return 'approval_pending'
  if (user.approval === 'rejected') return 'approval_rejected'
  if (user.vendorStatus === 'suspended') return 'vendor_suspended'
  return userType !== undefined && userType !== user.userType ? 'wrong_user_type' : null
}
