import type postgres from 'postgres'
import type { Member } from '../load/crowd.ts'
import { password } from '../load/scenarios.ts'
import { percentile } from '../load/statistics.ts'
import type { Node } from '../processes/node.ts'
import { between, readUse } from './postgres-costs.ts'

/** What one operation costs: milliseconds of Postgres' processor, bytes of its log, milliseconds until the answer. */
export interface Cost { milliseconds: number, walBytes: number, p50: number }

/** Those who ask. The tokens are in the order of the members. */
export interface Subjects {
  members: Member[]
  adminToken: string
  accessTokens: string[]
  refreshTokens: string[]
  deviceTokens: string[]
}

interface Call { method?: string, path: string, token?: string | undefined, body?: object }

export interface Operation {
  name: string
  /** The request of one turn. Each turn is another member's. */
  call (subjects: Subjects, turn: number): Call
  /** Whether members ask a second time: some connections know their pages then, and Postgres' log has these whole. */
  hasSecond?: boolean
  /** Keeps what the answer says for the second time. */
  keep? (subjects: Subjects, turn: number, answer: Record<string, unknown>): void
  /** The most requests, for those that are long. */
  requestsMax?: number
}

const searches = ['smith', 'throckmorton', 'ada lovelace', 'smiht', 'mariah anderson', 'zq', 'example', 'nguyen']

export const operations: Operation[] = [
  {
    name: 'sign-in',
    call: ({ members, deviceTokens }, turn) => ({
      path: '/auth/login',
      body: { email: members[turn]?.email, password, device_token: deviceTokens[turn] }
    }),
    hasSecond: true
  },
  {
    name: 'refresh',
    call: ({ refreshTokens }, turn) => ({ path: '/auth/refresh', body: { refresh_token: refreshTokens[turn] } }),
    hasSecond: true,
    keep ({ refreshTokens }, turn, { refresh_token: next }) { refreshTokens[turn] = String(next) }
  },
  { name: 'me, of somebody new to the node', call: byMember('/auth/me') },
  { name: 'own sessions', call: byMember('/auth/sessions'), hasSecond: true },
  { name: 'list of users, newest first', call: byAdmin(() => '/users?limit=50'), requestsMax: 400 },
  { name: 'list of users, by last sign-in', call: byAdmin(() => '/users?limit=50&sort=-last_login_at'), requestsMax: 400 },
  {
    name: 'list of users who wait for approval',
    call: byAdmin(() => '/users?limit=50&role=vendor&approval=pending'),
    requestsMax: 400
  },
  {
    name: 'search',
    call: byAdmin(turn => `/users?limit=50&q=${encodeURIComponent(searches[turn % searches.length] ?? '')}`),
    requestsMax: 160
  },
  { name: 'dashboard', call: byAdmin(() => '/users/stats'), requestsMax: 200 },
  { name: 'own data', call: byMember('/auth/me/export'), requestsMax: 400, hasSecond: true }
]

/** One size of deployment under measurement. */
export interface Crowd { node: Node, sql: postgres.Sql, subjects: Subjects }

export interface Turns {
  crowds: readonly Crowd[]
  /** What each of them costs for a second in which nobody asks. */
  idle: readonly Cost[]
  rounds: number
}

/** The first turns warm the connections up, and do not count. */
const warmUpShare = 0.1

/** What an operation costs each crowd, round by round. */
export interface Found { name: string, costs: Cost[][] }

/**
 * Has the crowds asked by turns, two requests at a time, so that a slow minute of the machine falls on all of them.
 *
 * @throws Error when an answer is no success
 */
export async function measureByTurns (
  { name, call, requestsMax = Infinity, hasSecond = false, keep }: Operation, { crowds, idle, rounds }: Turns
): Promise<Found[]> {
  const count = Math.min(requestsMax, ...crowds.map(({ subjects }) => subjects.members.length))
  const first = Math.floor(count * warmUpShare)
  const length = Math.floor((count - first) / rounds)

  const found = [{ name, costs: await measureAll() }]
  if (hasSecond) found.push({ name: `${name}, a second time`, costs: await measureAll() })
  return found

  async function measureAll () {
    const costs: Cost[][] = crowds.map(() => [])
    for (const crowd of crowds) await askAll(crowd, 0, first)
    for (let round = 0; round < rounds; round++) {
      for (const [place, crowd] of crowds.entries()) {
        costs[place]?.push(await measure(crowd, idle[place], first + round * length))
      }
    }
    return costs
  }

  async function measure (crowd: Crowd, waiting: Cost | undefined, from: number): Promise<Cost> {
    const { sql } = crowd
    const [began, before] = [performance.now(), await readUse(sql)]
    const times = await askAll(crowd, from, from + length)
    const used = between(before, await readUse(sql))
    const seconds = (performance.now() - began) / 1000
    return {
      milliseconds: (used.milliseconds - (waiting?.milliseconds ?? 0) * seconds) / times.length,
      walBytes: Math.max(0, used.walBytes - (waiting?.walBytes ?? 0) * seconds) / times.length,
      p50: percentile(times, 0.5)
    }
  }

  async function askAll ({ node, subjects }: Crowd, from: number, below: number) {
    const times: number[] = []
    let turn = from
    await Promise.all([1, 2].map(async () => {
      while (turn < below) {
        const own = turn++
        const asked = performance.now()
        const answer = await ask(node, call(subjects, own))
        times.push(performance.now() - asked)
        keep?.(subjects, own, JSON.parse(answer))
      }
    }))
    return times
  }
}

async function ask ({ port }: Node, { path, token, body }: Call) {
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' })
    },
    ...(body !== undefined && { body: JSON.stringify(body) })
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${path} was answered with ${answer.status}: ${text.slice(0, 300)}`)
  return text
}

function byMember (path: string) {
  return ({ accessTokens }: Subjects, turn: number): Call => ({ path, token: accessTokens[turn] })
}

function byAdmin (path: (turn: number) => string) {
  return ({ adminToken }: Subjects, turn: number): Call => ({ path: path(turn), token: adminToken })
}
