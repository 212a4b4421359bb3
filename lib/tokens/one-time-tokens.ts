import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import { createTokenSigner } from '../crypto/signed-tokens.ts'
import type { OneTimeToken, OneTimeTokenStore, Purpose } from './one-time-token-store.ts'
import type { Query, Transaction } from '../stores/database.ts'
import { uuidFromBytes, uuidToBytes } from '../crypto/uuids.ts'

// The index of a purpose is a byte of its tokens, so new purposes go to the end.
const purposes = [
  'password_reset', 'invitation', 'email_change', 'email_undo', 'second_factor_reset'
] as const satisfies readonly Purpose[]

/** How long the links in mails are valid (ms). */
const lifetimesMs: Record<Purpose, number> = {
  password_reset: 3_600_000,
  invitation: 7 * 86_400_000,
  email_change: 86_400_000,
  email_undo: 7 * 86_400_000,
  second_factor_reset: 86_400_000
}

/** How long (ms) one request may hold a token: enough for a hash and a transaction, and time to spare. */
const holdMs = 30_000

/** The index of the purpose (1) ‖ the id of the row (16). */
const payloadBytes = 17

/** A token that one request holds alone, until it spends or releases it. */
export interface TakenToken extends OneTimeToken { takenBy: string, userId: string }

/**
 * A token to be issued; the addresses are for a change of address and its undo. An undo that takes away more than what
 * comes after it is issued as of an earlier time.
 */
type NewToken =
  & Pick<OneTimeToken, 'purpose' | 'userId'>
  & Partial<Pick<OneTimeToken, 'email' | 'emailCanonical' | 'createdAt'>>

export type OneTimeTokens = ReturnType<typeof createOneTimeTokens>

/**
 * Tokens in the links of mails. They are signed, not stored: the token of a row is made from its purpose and id
 * (HMAC-SHA-256). So a mail that is sent again carries the same token, and a copy of the database contains none. A
 * token that is wrong, spent, expired, replaced by a newer one or unknown is refused with the same `token_invalid`.
 * @param options `keys`: the first one signs, all of them verify
 */
export function createOneTimeTokens (store: OneTimeTokenStore, { keys, clock }: {
  keys: Buffer[]
  clock: Pick<Clock, 'now'>
}) {
  const { sign, verify } = createTokenSigner(keys, payloadBytes)
  const { revoke, revokeOutdone } = store

  return {
    issue,
    tokenOf,
    find,
    take,
    release,
    spend,
    revoke,
    revokeOutdone,
    prolongUndo,
    isPromised,
    promised,
    isRestorable
  }

  /** Writes a token's row in the transaction of its cause. Returns the id, which the mail's job carries. */
  async function issue (tx: Transaction, token: NewToken): Promise<string> {
    const now = clock.now()
    const { purpose, userId, email = null, emailCanonical = null, createdAt = new Date(now) } = token
    const id = randomUUID()
    const expiresAt = new Date(now + lifetimesMs[purpose])
    await store.insert(tx, { id, purpose, userId, email, emailCanonical, createdAt, expiresAt })
    return id
  }

  /** The token of a row; it is always the same. */
  function tokenOf (purpose: Purpose, id: string): string {
    return sign(Buffer.concat([Buffer.of(purposes.indexOf(purpose)), uuidToBytes(id)]))
  }

  /**
   * The row of a usable token of one of the wanted purposes. Spends nothing.
   * @throws Refusal `token_invalid`
   */
  async function find (token: string, ...wanted: Purpose[]): Promise<OneTimeToken & { userId: string }> {
    const named = read(token)
    if (!named || !wanted.includes(named.purpose)) throw new Refusal('token_invalid')
    const found = await store.find(named.id, named.purpose, new Date(clock.now()))
    if (!found || found.userId === null) throw new Refusal('token_invalid')
    return { ...found, userId: found.userId }
  }

  /**
   * Like `find`, and no other request gets the token until it is spent or released. One of many concurrent requests
   * succeeds.
   * @throws Refusal `token_invalid`
   */
  async function take (token: string, ...wanted: Purpose[]): Promise<TakenToken> {
    const found = await find(token, ...wanted)
    const now = new Date(clock.now())
    const takenBy = randomUUID()
    const until = new Date(now.getTime() + holdMs)
    const isTaken = await store.take(found.id, found.purpose, { by: takenBy, now, until })
    if (!isTaken) throw new Refusal('token_invalid')
    return { ...found, takenBy }
  }

  /** Gives a token back because the request could not be completed, so that the user can try again. */
  async function release ({ id, takenBy }: TakenToken) {
    // If that fails too, the token becomes free by itself after `holdMs`.
    await store.release(id, takenBy).catch(() => {})
  }

  /**
   * Spends a taken token, in the transaction of its effect.
   * @throws Refusal `token_invalid` if this request no longer holds it
   */
  async function spend (tx: Transaction, { id, takenBy }: TakenToken) {
    if (!await store.spend(tx, id, takenBy)) throw new Refusal('token_invalid')
  }

  /**
   * Restarts the time in which a change of address can be undone. Returns the id of the undo, or null if it does not
   * restore the user's present address.
   */
  async function prolongUndo (tx: Transaction, user: { id: string, emailCanonical: string }): Promise<string | null> {
    return await store.prolongUndo(tx, user, new Date(clock.now() + lifetimesMs.email_undo))
  }

  /** Whether the owner of an account may still restore this address. */
  async function isPromised (tx: Transaction, canonical: string): Promise<boolean> {
    return (await promised(tx, [canonical])).length > 0
  }

  /** Those of these canonical addresses that the owner of an account may still restore. */
  async function promised (query: Query, canonicals: string[]): Promise<string[]> {
    return await store.promised(query, canonicals, new Date(clock.now()))
  }

  /** Whether an earlier owner of the account's address may still restore theirs. */
  async function isRestorable (tx: Transaction, user: { id: string, emailCanonical: string }): Promise<boolean> {
    return await store.isRestorable(tx, user, new Date(clock.now()))
  }

  function read (token: string): { purpose: Purpose, id: string } | null {
    const payload = verify(token)
    const purpose = payload && purposes[payload.readUInt8()]
    return purpose ? { purpose, id: uuidFromBytes(payload.subarray(1)) } : null
  }
}
