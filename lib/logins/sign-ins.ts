import type { Audit } from '../audit/audit.ts'
import type { UnitOfWork, UnitsOfWork } from '../changes/unit-of-work.ts'
import { Refusal, unavailable } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import type { Metrics } from '../operations/metrics.ts'
import type { Transport } from '../sessions/refresh-tokens.ts'
import type { PlainPasskeyUse, SignInMarks } from '../sessions/sign-in-store.ts'
import type { SessionState } from '../sessions/session-store.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { TokenResponse, TokenResponses } from '../sessions/token-responses.ts'
import type { Transaction } from '../stores/database.ts'
import { byPassword } from '../tokens/assurance.ts'
import type { DeviceTokens } from '../tokens/device-tokens.ts'
import type { User, UserStore } from '../users/user-store.ts'

/** The session that a client wants. */
export interface SessionRequest {
  transport: Transport
  deviceName: string | null
  deviceToken?: string | undefined
  /** The refresh token that the new one replaces in a browser: its session ends. */
  replaces?: string | undefined
}

/** What was proved: the methods (RFC 8176), for the audit trail the second factor, and how that is used up. */
export interface Proof {
  amr: string[]
  reason?: string
  /** Runs in the transaction that opens the session, with the user's row locked. If it throws, no session begins. */
  spend?: (tx: Transaction) => Promise<void>
  /**
   * What the statement that opens the session can do in place of `spend`, without a transaction. If it finds anything
   * else than was read it does nothing, and `spend` decides.
   */
  passkey?: PlainPasskeyUse | undefined
  marks?: SignInMarks
}

export interface SignInParts extends Pick<UnitsOfWork, 'commitUnlessNull' | 'commitStatement'> {
  users: Pick<UserStore, 'find' | 'lockInOrder'>
  sessions: Pick<Sessions, 'prepare' | 'begin' | 'abandon' | 'tokensOf' | 'end' | 'peek' | 'read'>
  tokenResponses: TokenResponses
  deviceTokens: Pick<DeviceTokens, 'recognise'>
  audit: Pick<Audit, 'record'>
  metrics: Pick<Metrics, 'increment'>
}

const passwordAlone: Proof = { amr: byPassword }

/** Opening a session for a user who has proved what the account needs. */
export function createSignIns (parts: SignInParts) {
  const { commitUnlessNull, commitStatement, users, sessions } = parts
  const { tokenResponses, deviceTokens, audit, metrics } = parts

  return { signIn, signInByTwo }

  /**
   * Opens a session by one proof, the password or a passkey, and returns its tokens. If the user's sessions have been
   * ended since the user was read, but the account is the same, that was a sign-out. The sign-in then comes after it:
   * it is tried a second time.
   * @param user as read before the proof was checked
   * @returns null if the account has changed since it was read, so that the proof no longer counts
   * @throws Refusal `unavailable`, also if the sessions are ended during the second try too
   */
  async function signIn (
    user: User,
    request: SessionRequest,
    caller: Caller,
    proof: Proof = passwordAlone
  ): Promise<TokenResponse | null> {
    const response = await open(user, request, proof, caller)
    if (response) return response

    const signedOut = await findSignedOut(user)
    if (!signedOut) return null
    const second = await open(signedOut, request, proof, caller)
    if (!second) throw unavailable(new Error('the sessions of the account keep ending'))
    return second
  }

  /**
   * Opens a session by more than the password, or by what stands in for more, and returns its tokens. A second factor
   * is used up in the same step.
   * @returns null if the account has changed since it was read, also if its sessions have been ended
   * @throws Refusal `unavailable`; what `spend` throws
   */
  async function signInByTwo (
    user: User,
    request: SessionRequest,
    proof: Proof,
    caller: Caller
  ): Promise<TokenResponse | null> {
    return await open(user, request, proof, caller)
  }

  async function open (
    user: User,
    request: SessionRequest,
    { amr, reason, spend, passkey, marks }: Proof,
    caller: Caller
  ): Promise<TokenResponse | null> {
    const { transport, deviceName, deviceToken, replaces } = request
    const deviceId = deviceTokens.recognise(deviceToken)
    const replaced = await sessionOf(replaces, transport)
    const prepared = await sessions.prepare(transport)
    const circumstances = { deviceId, deviceName, caller, amr, reason, marks }

    const isOpen = await begin()
    if (!isOpen) return null

    metrics.increment('sign_ins', { outcome: 'success' })
    const signedIn = { ...user, lastLoginAt: prepared.now }
    return tokenResponses.issue(sessions.tokensOf(prepared, signedIn, { deviceId, amr, marks }))

    async function begin () {
      try {
        const isOpen = await inOneStatement() || await inTransaction()
        if (!isOpen) abandon()
        return isOpen
      } catch (error) {
        if (isDecided(error)) abandon()
        throw error
      }
    }

    // Nobody waits for it: a record that stays expires.
    function abandon () {
      sessions.abandon(prepared).catch(() => {})
    }

    async function inOneStatement () {
      if (replaced || (spend && !passkey)) return false
      const details = passkey ? { ...circumstances, marks: { ...marks, passkey } } : circumstances
      return await commitStatement(unit => sessions.begin(unit, prepared, user, details), user.id)
    }

    async function inTransaction () {
      if (!replaced && !spend) return false
      return await commitUnlessNull(async unit => {
        // Without an order of locks two browsers that swap their accounts would deadlock.
        if (replaced && replaced.id !== user.id) await users.lockInOrder(unit.tx, [user.id, replaced.id])
        // It locks the user's row, under which a second factor is used up.
        if (!await sessions.begin(unit, prepared, user, circumstances)) return null
        await spend?.(unit.tx)
        if (replaced) await end(unit, replaced, user, caller)
        return true
      }, user.id)
    }
  }

  async function sessionOf (token: string | undefined, transport: Transport): Promise<SessionState | null> {
    const claims = token === undefined ? null : sessions.read(token)
    return claims?.transport === transport ? await sessions.peek(claims.sessionId) : null
  }

  // It may be the session of another user: a browser has one session only.
  async function end (unit: UnitOfWork, replaced: SessionState, { id: actorId }: User, caller: Caller) {
    const { sessionId } = replaced
    if (!await sessions.end(unit, sessionId, 'signed_out')) return
    await audit.record(unit.tx, {
      event: 'session_ended',
      outcome: 'success',
      reason: 'replaced',
      actorId,
      subject: replaced,
      sessionId,
      caller
    })
  }

  /**
   * The user as it is now, if its sessions have been ended since and nothing else has changed that a sign-in rests on;
   * otherwise null. The version does not tell: an administrator's sign-out raises it too.
   */
  async function findSignedOut (before: User): Promise<User | null> {
    const user = await users.find(before.id)
    if (!user || grounds.some(ground => user[ground] !== before[ground])) return null
    const hasMoved = user.sessionEpoch !== before.sessionEpoch || user.deploymentEpoch !== before.deploymentEpoch
    return hasMoved ? user : null
  }
}

/** What a sign-in rests on besides its proof: the account that was meant, and what was no obstacle. */
const grounds = [
  'emailCanonical', 'passwordHash', 'twoStep', 'hasFactor', 'role', 'status', 'approval', 'userType', 'vendorStatus'
] as const satisfies (keyof User)[]

/**
 * Whether the work has thrown it, so that nothing was committed. When Postgres does not answer, the session may have
 * begun all the same.
 */
function isDecided (error: unknown): boolean {
  return error instanceof Refusal && error.status < 500
}
