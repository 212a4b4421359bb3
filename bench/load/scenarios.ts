import { randomUUID } from 'node:crypto'
import type { Subject } from '../processes/deployment.ts'
import type { Account } from '../processes/latchkey.ts'
import type { Node } from '../processes/node.ts'
import { request } from './load.ts'
import type { Next } from './load.ts'

export interface Prepared { node: Node, accounts: Account[], connections: number, tokens: number }

export interface Scenario {
  name: string
  subject: Subject
  /** Makes the accounts and tokens that the requests need, and returns the requests. */
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
  const body = { email, password: given, device_token: deviceToken }
  return request('POST', '/api/v1/auth/login', { body })
}

function oneToken (path: string) {
  return async ({ node, accounts }: Prepared): Promise<Next> => {
    const [token = ''] = await node.ask<string[]>('signTokens', { count: 1, accounts })
    const text = request('GET', path, { token })
    return () => text
  }
}

// Uses each token once. The measurement ends early when none is left.
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

// Each connection signs in once, and then exchanges every refresh token that it gets.
function refreshing (accounts: Account[]): Next {
  const held = new Map<number, string>()

  return (connection, last) => {
    if (last?.status === 200) held.set(connection, JSON.parse(last.body).refresh_token)
    const token = held.get(connection)
    if (token === undefined) return login(accountOf(accounts, connection))
    return request('POST', '/api/v1/auth/refresh', { body: { refresh_token: token } })
  }
}

// Signs in to each account on the same device again and again, as people do.
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
  const email = `ada-${randomUUID()}@example.com`
  return request('POST', '/api/v1/auth/register', { body: { email, password, full_name: 'Ada King' } })
}

function accountOf (accounts: Account[], turn: number): Account {
  const account = accounts[turn % accounts.length]
  if (!account) throw new Error('there are no accounts')
  return account
}
