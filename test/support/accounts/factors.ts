import { randomBytes, randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { hashRecoveryCode, makeRecoveryCode } from '../../../lib/factors/recovery-code.ts'
import { secretBytes, stepAt, stepSeconds, totpCode } from '../../../lib/factors/totp.ts'
import type { Purpose } from '../../../lib/tokens/one-time-token-store.ts'
import { as, signUp } from '../helper.ts'
import type { Tokens } from '../helper.ts'

type App = FastifyInstance & { clock: { now (): number, advance (milliseconds: number): void } }

/** An account with two steps: the secret of its authenticator app, and its recovery codes. */
export type Guarded = Awaited<ReturnType<typeof guarded>>

/** A confirmed account with two steps, written directly, as if it had always had them. */
export async function guarded (app: App, { codes = 10, role = 'user' } = {}) {
  const account = await signUp(app)
  const [id, secret] = [randomUUID(), randomBytes(secretBytes)]
  const recoveryCodes = Array.from({ length: codes }, makeRecoveryCode)
  const hashes = recoveryCodes.map(code => hashRecoveryCode(code))

  await app.database`update users set two_step = true, role = ${role} where id = ${account.user.id}`
  await app.database`insert into totp_secrets (id, user_id, secret, created_at, confirmed_at) values (${id}, ${account.user.id}, ${app.totpKeeping.encrypt(id, secret)}, now(), now())`
  await app.database`insert into recovery_codes (user_id, hash, number, created_at) select ${account.user.id}, hash, number, now() from unnest(${hashes}::bytea[]) with ordinality as made (hash, number)`
  return { ...account, totpId: id, secret, recoveryCodes }
}

/** Lets a role demand a second factor, on the node of this app. */
export async function demand (app: App, role: string, policy = 'required', from = new Date(app.clock.now())) {
  await app.database`update roles set second_factor = ${policy}, second_factor_from = ${from} where name = ${role}`
  await app.roles.reload()
}

/** Adds an authenticator app in a session. Returns the answer, and the secret. */
export async function addTotp (app: App, token: string) {
  const { id, secret: text } = (await as(app, token, 'POST', '/auth/totp')).json()
  const secret = fromBase32(text)
  const answer = await as(app, token, 'POST', `/auth/totp/${id}/confirm`, { code: codeAt(app, { secret }) })
  return { answer, secret, id: String(id) }
}

/** The token in the link of a mail, as if one had been sent. */
export async function mailedToken (app: App, purpose: Purpose, userId: string) {
  const id = await app.database.begin(tx => app.oneTimeTokens.issue(tx, { purpose, userId }))
  return app.oneTimeTokens.tokenOf(purpose, id)
}

/** The claims of an access token. */
export function claimsOf ({ access_token: token }: Pick<Tokens, 'access_token'>) {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
}

/** What the authenticator app shows, after as many further steps. */
export function codeAt (app: App, { secret }: { secret: Buffer }, steps = 0) {
  return totpCode(secret, stepAt(app.clock.now()) + steps)
}

/** Moves the clock to the beginning of the next step, so that the app shows a code that nobody has used. */
export function nextStep (app: App) {
  app.clock.advance(stepSeconds * 1000 - app.clock.now() % (stepSeconds * 1000))
}

/** The bytes of a secret as an app reads them from their Base32. */
export function fromBase32 (text: string): Buffer {
  const bits = [...text].map(character => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(character).toString(2).padStart(5, '0')).join('')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map(byte => parseInt(byte, 2)))
}
