import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import { createTokenSigner } from '../crypto/signed-tokens.ts'
import type { OneTimeToken, OneTimeTokenStore, Purpose } from './one-time-token-store.ts'
import type { Transaction } from '../stores/database.ts'
import { uuidFromBytes, uuidToBytes } from '../crypto/uuids.ts'

// The place of a purpose is a byte of its tokens: new ones go to the end.
const purposes = ['password_reset', 'invitation', 'email_change', 'email_undo'] as const satisfies readonly Purpose[]

/** How long the links in mails are good for (ms). */
const lifetimes: Record<Purpose, number> = {
  password_reset: 3_600_000,
  invitation: 7 * 86_400_000,
  email_change: 86_400_000,
  email_undo: 7 * 86_400_000
}

/** So long (ms) a token may be in one request's hands: that of a hash and a transaction, and time to spare. */
const patience = 30_000

/** A token that is in this request's hands alone. */
export interface TakenToken extends OneTimeToken { takenBy: string, userId: string }

export type OneTimeTokens = ReturnType<typeof createOneTimeTokens>

/**
 * Tokens in the links of mails. They are sealed, not stored: the token of a row is made from its
 * purpose and id (HMAC-SHA-256), so a mail that is sent again carries the same one and a copy of the
 * database holds none. Wrong, spent, expired, outdone and unknown are one refusal: `token_invalid`.
 */
export function createOneTimeTokens (store: OneTimeTokenStore, { keys, clock }: { keys: Buffer[], clock: Pick<Clock, 'now'> }) {
  const { sign, verify } = createTokenSigner(keys, 17)

  return { issue, tokenOf, find, take, release, spend, revoke: store.revoke, revokeOutdone: store.revokeOutdone, prolongUndo, isPromised }

  /** Writes a token's row in the transaction of what it is for; returns the id, which the mail's job carries. */
  async function issue (tx: Transaction, { purpose, userId, email = null, emailCanonical = null }: Pick<OneTimeToken, 'purpose' | 'userId'> & Partial<Pick<OneTimeToken, 'email' | 'emailCanonical'>>): Promise<string> {
    const id = randomUUID()
    const now = clock.now()
    await store.insert(tx, { id, purpose, userId, email, emailCanonical, createdAt: new Date(now), expiresAt: new Date(now + lifetimes[purpose]) })
    return id
  }

  /** The token of a row, the same whenever it is asked for. */
  function tokenOf (purpose: Purpose, id: string): string {
    return sign(Buffer.concat([Buffer.of(purposes.indexOf(purpose)), uuidToBytes(id)]))
  }

  /** What a token is about, while it is worth something; looking spends nothing. Throws `token_invalid`. */
  async function find (token: string, ...wanted: Purpose[]): Promise<OneTimeToken & { userId: string }> {
    const named = read(token)
    const found = named && wanted.includes(named.purpose) ? await store.find(named.id, named.purpose, new Date(clock.now())) : null
    if (!found || found.userId === null) throw new Refusal('token_invalid')
    return { ...found, userId: found.userId }
  }

  /** As `find`, and nobody else gets the token until it is spent or released: of many at once one. */
  async function take (token: string, ...wanted: Purpose[]): Promise<TakenToken> {
    const found = await find(token, ...wanted)
    const now = clock.now()
    const takenBy = randomUUID()
    const isTaken = await store.take(found.id, found.purpose, { by: takenBy, now: new Date(now), until: new Date(now + patience) })
    if (!isTaken) throw new Refusal('token_invalid')
    return { ...found, takenBy }
  }

  /** Gives a token back because what it was taken for could not be done; its owner tries again. */
  async function release ({ id, takenBy }: TakenToken) {
    // Where that fails too, it is free again after a while.
    await store.release(id, takenBy).catch(() => {})
  }

  /** Spends a taken token in the transaction of what it was for; `token_invalid` if it is no longer there. */
  async function spend (tx: Transaction, { id, takenBy }: TakenToken) {
    if (!await store.spend(tx, id, takenBy)) throw new Refusal('token_invalid')
  }

  /** Starts the time anew in which a change of address can be undone; the undo's id, null if the user has left the address that it brings back. */
  async function prolongUndo (tx: Transaction, user: { id: string, emailCanonical: string }): Promise<string | null> {
    return await store.prolongUndo(tx, user, new Date(clock.now() + lifetimes.email_undo))
  }

  /** Whether the owner of an account may bring it back to this address. */
  async function isPromised (tx: Transaction, canonical: string): Promise<boolean> {
    return await store.isPromised(tx, canonical, new Date(clock.now()))
  }

  function read (token: string): { purpose: Purpose, id: string } | null {
    const payload = verify(token)
    const purpose = payload && purposes[payload.readUInt8()]
    return purpose ? { purpose, id: uuidFromBytes(payload.subarray(1)) } : null
  }
}
