import { randomBytes, randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { hashRecoveryCode, makeRecoveryCode } from '../../lib/factors/recovery-code.ts'
import { secretBytes, stepAt, stepSeconds, totpCode } from '../../lib/factors/totp.ts'
import { signUp } from './helper.ts'

type App = FastifyInstance & { clock: { now (): number, advance (milliseconds: number): void } }

/** An account with two steps: the secret of its authenticator app, and its recovery codes. */
export type Guarded = Awaited<ReturnType<typeof guarded>>

/** A confirmed account with two steps, written directly, as if it had always had them. */
export async function guarded (app: App, { codes = 10 } = {}) {
  const account = await signUp(app)
  const [id, secret] = [randomUUID(), randomBytes(secretBytes)]
  const recoveryCodes = Array.from({ length: codes }, makeRecoveryCode)
  const hashes = recoveryCodes.map(code => hashRecoveryCode(code))

  await app.database`update users set two_step = true where id = ${account.user.id}`
  await app.database`insert into totp_secrets (id, user_id, secret, created_at, confirmed_at) values (${id}, ${account.user.id}, ${app.totpKeeping.encrypt(id, secret)}, now(), now())`
  await app.database`insert into recovery_codes (user_id, hash, number, created_at) select ${account.user.id}, hash, number, now() from unnest(${hashes}::bytea[]) with ordinality as made (hash, number)`
  return { ...account, totpId: id, secret, recoveryCodes }
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
