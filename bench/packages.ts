// node --import tsx bench/packages.ts: what packages cost, and what our own code in their place costs, in nanoseconds a
// request.
import { performance } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { createClock } from '../lib/clock.ts'
import { createRequestLimits } from '../lib/throttling/node-limits.ts'
import { helmetOptions, securityHeaders } from '../plugins/http/security-headers.ts'

const rounds = 15
const requestsPerRound = 2_000

/** Does the work of one request, number `n`, in one way. */
type Way = (n: number) => Promise<unknown> | unknown

console.table({ ...await compare(await headers()), ...await compare(await limits()) })

/** The security headers of an answer: set by helmet's hook for each request, or evaluated once at the start. */
async function headers (): Promise<Record<string, Way>> {
  const hooked = await serverWith(async app => { await app.register(helmet, helmetOptions) })
  const frozen = await serverWith(app => {
    app.addHook('onRequest', async (_request, reply) => { reply.headers(securityHeaders) })
  })
  const bare = await serverWith(() => {})

  return {
    'no headers': () => bare.inject('/'),
    'headers: @fastify/helmet for each request': () => hooked.inject('/'),
    'headers: @fastify/helmet once at start': () => frozen.inject('/')
  }
}

/** The general limit of two rates, with 1,000 subjects. */
async function limits (): Promise<Record<string, Way>> {
  const app = await serverWith(async app => {
    await app.register(rateLimit, { global: false, keyGenerator: ({ id }) => id, cache: 50_000 })
  })
  const rates = [{ limit: 60_000, window: 60_000 }, { limit: 1_000_000, window: 3_600_000 }]
  const own = createRequestLimits(rates, { clock: createClock() })
  const packaged = rates.map(({ limit, window }) => app.createRateLimit({ max: limit, timeWindow: window }))

  return {
    'limits: lib/throttling/node-limits': n => own.take(subject(n)),
    'limits: createRateLimit, a call for each rate': async n => {
      for (const count of packaged) await count(requestOf(n))
    }
  }
}

function subject (n: number) {
  return `2001:db8::${n % 1000}`
}

/** The parts of a request that the limiter reads. */
function requestOf (n: number) {
  return { id: subject(n), routeOptions: {} } as FastifyRequest
}

async function serverWith (prepare: (app: FastifyInstance) => Promise<void> | void) {
  const app = Fastify()
  await prepare(app)
  app.get('/', async () => 'ok')
  await app.ready()
  return app
}

/** The median of the rounds. The ways take turns, so that a busy machine slows all of them down alike. */
async function compare (ways: Record<string, Way>) {
  const times = new Map<string, number[]>()

  for (let round = 0; round < rounds; round++) {
    for (const [name, way] of Object.entries(ways)) {
      const began = performance.now()
      for (let n = 0; n < requestsPerRound; n++) await way(n)
      const took = performance.now() - began
      times.set(name, [...times.get(name) ?? [], took * 1e6 / requestsPerRound])
      // Injected requests are freed only in the next turn of the event loop.
      await turn()
    }
  }
  return Object.fromEntries([...times].map(([name, all]) => [name, { ns: medianOf(all) }]))
}

function medianOf (times: number[]) {
  return Math.round(times.sort((a, b) => a - b)[rounds >> 1] ?? 0)
}
