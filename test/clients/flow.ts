import { createLatchkey } from '../../clients/typescript/index.ts'
import type { Tokens } from '../../clients/typescript/index.ts'

export interface Person {
  baseUrl: string
  apiPrefix?: string
  email: string
  password: string
  /** Reads the mail of a registration. */
  readCode: () => Promise<string>
}

/** Uses the client as a phone does, from signing up to having signed out; returns what it saw. */
export async function live ({ email, password, readCode, ...server }: Person) {
  let tokens: Tokens | undefined
  const phone = createLatchkey({ ...server, accessToken: () => tokens?.access_token })
  const stranger = createLatchkey(server)

  const registration = await phone.register({ email, password, full_name: 'Ada King', locale: 'en' })
  if (!('registration_id' in registration)) throw new Error('this deployment confirms addresses')
  await phone.resendCode({ registration_id: registration.registration_id })
  const confirmed = await phone.verifyEmail({ registration_id: registration.registration_id, code: await readCode() })

  tokens = await phone.login({ email, password, device_name: 'Ada’s phone', ...(confirmed.device_token !== undefined && { device_token: confirmed.device_token }) })
  const checked = await phone.check()
  const { user } = await phone.getMe()
  const renamed = await phone.updateMe({ full_name: 'Ada Lovelace' })

  const first = tokens
  tokens = await phone.refresh({ refresh_token: first.refresh_token })
  const elsewhere = await stranger.login({ email, password })
  const before = await phone.listSessions()
  tokens = await phone.reauthenticate({ password })
  await phone.endSession(elsewhere.session.id)
  const after = await phone.listSessions()
  const keys = await stranger.getJwks()
  const ended = await phone.refresh({ refresh_token: elsewhere.refresh_token }).catch(asError)

  await phone.logout({ scope: 'local', refresh_token: tokens.refresh_token })
  await stranger.logout()
  const refused = await phone.check().catch(asError)

  return { registration, confirmed, checked, user, renamed, first, tokens, before, after, keys, ended, refused }
}

const asError = (error: unknown) => error
