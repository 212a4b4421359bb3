import { request } from '../load/load.ts'
import type { Next } from '../load/load.ts'
import { password, scenarios } from '../load/scenarios.ts'
import type { Prepared, Scenario } from '../load/scenarios.ts'
import type { Subject } from '../processes/deployment.ts'
import type { Account } from '../processes/latchkey.ts'
import type { Node } from '../processes/node.ts'

/** A process that is compared: one of Latchkey's, or a peer's with its mode. */
export type PeerSubject = 'better-auth' | 'better-auth joined' | 'better-auth cached' | 'better-auth hashless' | 'oidc-provider'

/** A row of the comparison. Rows of one operation stand together. */
export interface Compared extends Pick<Scenario, 'name' | 'prepare'> {
  operation: string
  subject: Subject | PeerSubject
}

/** The operations in the order of the table. The first one is what all are compared with. */
export const comparison: Compared[] = [
  ours('', 'Fastify hello world'),

  ours('Is the session signed in, and who is it?', 'GET /auth/me, one token'),
  ours('', 'GET /auth/me, a new token each time'),
  { operation: '', name: 'Better Auth get-session', subject: 'better-auth', prepare: checking },
  { operation: '', name: 'Better Auth get-session, joins on', subject: 'better-auth joined', prepare: checking },
  { operation: '', name: 'oidc-provider userinfo', subject: 'oidc-provider', prepare: asking },

  ours('The same, without a read', 'GET /auth/check, one token'),
  ours('', 'GET /auth/check, a new token each time'),
  { operation: '', name: 'Better Auth get-session, cookie cache', subject: 'better-auth cached', prepare: checking },

  ours('Refresh', 'POST /auth/refresh'),
  { operation: '', name: 'oidc-provider refresh token', subject: 'oidc-provider', prepare: refreshing },

  ours('Sign-in', 'POST /auth/login'),
  { operation: '', name: 'Better Auth sign-in', subject: 'better-auth', prepare: signingIn },

  ours('Sign-in without its hash', 'POST /auth/login, without its hash'),
  { operation: '', name: 'Better Auth sign-in, without its hash', subject: 'better-auth hashless', prepare: signingIn }
]

interface Granted { accessToken: string, refreshToken: string }

function ours (operation: string, scenario: string): Compared {
  const found = scenarios.find(({ name }) => name === scenario)
  if (!found) throw new Error(`there is no scenario ${scenario}`)
  return { ...found, operation }
}

function signIn ({ email }: Account) {
  return request('POST', '/api/auth/sign-in/email', { body: { email, password } })
}

async function signingIn ({ accounts }: Prepared): Promise<Next> {
  let turn = 0
  return () => signIn(accounts[turn++ % accounts.length] ?? { id: '', email: '' })
}

async function checking ({ node, accounts: [account] }: Prepared): Promise<Next> {
  const text = request('GET', '/api/auth/get-session', { cookie: await signedIn(node, account) })
  return () => text
}

/** The cookies of a session, as a browser sends them back. */
async function signedIn (node: Node, account: Account | undefined) {
  const origin = `http://127.0.0.1:${node.port}`
  const answer = await fetch(`${origin}/api/auth/sign-in/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin },
    body: JSON.stringify({ email: account?.email, password })
  })
  if (!answer.ok) throw new Error(`a sign-in was answered with ${answer.status}: ${await answer.text()}`)
  return answer.headers.getSetCookie().map(cookie => cookie.split(';')[0]).join('; ')
}

async function asking ({ node }: Prepared): Promise<Next> {
  const [granted] = await node.ask<Granted[]>('grant', { count: 1 })
  const text = request('GET', '/me', { token: granted?.accessToken ?? '' })
  return () => text
}

async function refreshing ({ node, connections }: Prepared): Promise<Next> {
  const granted = await node.ask<Granted[]>('grant', { count: connections })
  const held = granted.map(({ refreshToken }) => refreshToken)

  return (connection, last) => {
    if (last?.status === 200) held[connection] = JSON.parse(last.body).refresh_token
    return request('POST', '/token', {
      form: { grant_type: 'refresh_token', client_id: 'app', refresh_token: held[connection] ?? '' }
    })
  }
}
