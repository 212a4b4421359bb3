import { randomUUID } from 'node:crypto'
import { request } from './load.ts'
import type { Next } from './load.ts'
import type { Account } from './latchkey.ts'
import type { Node } from './node.ts'

/** Which process is asked: Fastify alone, Latchkey, or Latchkey with a hasher that costs nothing. */
export type Subject = 'hello' | 'latchkey' | 'hashless'

export interface Prepared { node: Node, accounts: Account[], connections: number, tokens: number }

export interface Scenario {
  name: string
  subject: Subject
  /** Makes what the requests need and says which they are. */
  prepare (prepared: Prepared): Promise<Next>
}

export const password = 'a long walk through wet leaves'

/** What is measured, in the order of the table. */
export const scenarios: Scenario[] = [
  { name: 'Fastify hello world', subject: 'hello', prepare: async () => () => request('GET', '/') },
  { name: 'GET /auth/check, one token', subject: 'latchkey', prepare: oneToken('/api/v1/auth/check') },
  { name: 'GET /auth/check, a new token each time', subject: 'latchkey', prepare: newTokens('/api/v1/auth/check') },
  { name: 'GET /auth/me, one token', subject: 'latchkey', prepare: oneToken('/api/v1/auth/me') },
  { name: 'GET /auth/me, a new token each time', subject: 'latchkey', prepare: newTokens('/api/v1/auth/me') },
  { name: 'POST /auth/refresh', subject: 'latchkey', prepare: async ({ accounts }) => refreshing(accounts) },
  { name: 'POST /auth/login', subject: 'latchkey', prepare: loggingIn },
  { name: 'POST /auth/login, without its hash', subject: 'hashless', prepare: loggingIn },
  { name: 'POST /auth/register', subject: 'latchkey', prepare: async () => registering }
]

/** A login of an account with its right password, or with another one, on a device that it may know. */
export function login ({ email }: Pick<Account, 'email'>, given = password, deviceToken?: string): string {
  return request('POST', '/api/v1/auth/login', { body: { email, password: given, device_token: deviceToken } })
}

function oneToken (path: string) {
  return async ({ node, accounts }: Prepared): Promise<Next> => {
    const [token = ''] = await node.ask<string[]>('signTokens', { count: 1, accounts })
    const text = request('GET', path, { token })
    return () => text
  }
}

// Each token once: the measurement ends early when they are used up.
function newTokens (path: string) {
  return async ({ node, accounts, tokens: count }: Prepared): Promise<Next> => {
    const tokens = await node.ask<string[]>('signTokens', { count, accounts })
    let used = 0
    return () => {
      const token = tokens[used++]
      return token === undefined ? undefined : request('GET', path, { token })
    }
  }
}

// Each connection is a client that signs in once and then trades every token it gets.
function refreshing (accounts: Account[]): Next {
  const held = new Map<number, string>()

  return (connection, last) => {
    if (last?.status === 200) held.set(connection, JSON.parse(last.body).refresh_token)
    const token = held.get(connection)
    return token === undefined ? login(accountOf(accounts, connection)) : request('POST', '/api/v1/auth/refresh', { body: { refresh_token: token } })
  }
}

// As people do: again and again on a device that has signed in to the account before.
async function loggingIn ({ accounts }: Prepared): Promise<Next> {
  const devices = new Map<string, string>()
  let turn = 0

  return (_, last) => {
    if (last?.status === 200) remember(JSON.parse(last.body))
    const account = accountOf(accounts, turn++)
    return login(account, password, devices.get(account.email))
  }

  function remember ({ user, device_token: deviceToken }: { user: { email: string }, device_token: string }) {
    devices.set(user.email, deviceToken)
  }
}

function registering () {
  return request('POST', '/api/v1/auth/register', { body: { email: `ada-${randomUUID()}@example.com`, password, full_name: 'Ada King' } })
}

function accountOf (accounts: Account[], turn: number): Account {
  const account = accounts[turn % accounts.length]
  if (!account) throw new Error('there are no accounts')
  return account
}
