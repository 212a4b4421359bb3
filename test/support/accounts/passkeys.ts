import type { FastifyInstance } from 'fastify'
import { as, post, signIn, signUp } from '../helper.ts'
import type { Tokens } from '../helper.ts'
import { createAuthenticator } from './authenticator.ts'
import type { Authenticator, CreationOptions, Lies, RequestOptions } from './authenticator.ts'

/** Where the pages of a test deployment are. */
export const origin = 'http://localhost:3000'

type Kind = 'passkey' | 'security_key'

/** An account with a passkey, and the session that has added it. */
export type Holder = Awaited<ReturnType<typeof holder>>

/** A confirmed account with a passkey. */
export async function holder (app: FastifyInstance, { kind = 'passkey' as Kind, ...about }: Partial<Parameters<typeof createAuthenticator>[0]> & { kind?: Kind } = {}) {
  const account = await signUp(app)
  const tokens = await signIn(app, account)
  const key = createAuthenticator({ origin, ...about })
  const passkeyId = await add(app, tokens, key, { kind })
  return { ...account, tokens, key, passkeyId }
}

/** What a browser is told to make a passkey. */
export async function creation (app: FastifyInstance, { access_token: token }: Pick<Tokens, 'access_token'>, kind: Kind = 'passkey'): Promise<CreationOptions> {
  return (await as(app, token, 'POST', '/auth/passkeys/options', { kind })).json().public_key
}

/** Adds a passkey to the account of a session. Returns its id. */
export async function add (app: FastifyInstance, tokens: Pick<Tokens, 'access_token'>, key: Authenticator, { kind = 'passkey' as Kind, lies = {} as Lies } = {}): Promise<string> {
  const credential = key.create(await creation(app, tokens, kind), lies)
  const answer = await as(app, tokens.access_token, 'POST', '/auth/passkeys', { credential, name: 'Ada’s phone' })
  if (answer.statusCode !== 201) throw new Error(`adding a passkey answered ${answer.statusCode}: ${answer.body}`)
  return answer.json().passkey.id
}

/** What a browser is told to sign in with any passkey. */
export async function request (app: FastifyInstance): Promise<RequestOptions> {
  return (await post(app, '/auth/login/passkey/options', {})).json().public_key
}

/** Signs in with a passkey alone. */
export async function enter (app: FastifyInstance, { key }: Pick<Holder, 'key'>, lies: Lies = {}, fields: object = {}) {
  return await post(app, '/auth/login/passkey', { credential: key.get(await request(app), lies), ...fields })
}
