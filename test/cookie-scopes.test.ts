import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { createClock } from '../lib/clock.ts'
import { maxAgeOf, sameOrigin, setCookies } from './support/cookie-jar.ts'
import { api, deploy, password, signUp, start } from './support/helper.ts'
import { mailJobs } from './support/trail/evidence.ts'

const minute = 60_000
const clock = createClock()
const deployment = await deploy(t, { ISSUER_URL: 'https://auth.eu.example.com' })
const nodes = {
  wide: await startWith({ COOKIE_DOMAIN: 'example.com' }),
  narrow: await startWith({ COOKIE_DOMAIN: 'eu.example.com' }),
  host: await startWith({ COOKIE_DOMAIN: 'auth.eu.example.com' }),
  alone: await startWith({}),
  partitioned: await startWith({ COOKIE_PARTITIONED: 'true' })
}
const orders = ['oldest first', 'newest first'] as const

for (const [before, after] of [['wide', 'narrow'], ['narrow', 'wide'], ['wide', 'host'], ['host', 'narrow'], ['alone', 'partitioned'], ['partitioned', 'alone']] as const) {
  for (const order of orders) {
    t.test(`a browser goes on when the scope of cookies changes from ${before} to ${after}, ${order}`, async t => {
      const { email } = await signUp(nodes.wide)
      const browser = openBrowser(order)
      const credentials = { email, password, transport: 'cookie' }

      t.match(await browser.send(nodes[before], 'POST', '/auth/login', credentials), { statusCode: 200 })
      const [device] = browser.valuesOf('device')
      clock.advance(2 * minute)
      t.match(await browser.send(nodes[after], 'POST', '/auth/refresh'), { statusCode: 200 }, 'it refreshes')
      t.match(await browser.send(nodes[after], 'GET', '/auth/me'), { statusCode: 200 }, 'and its next request is signed in')
      clock.advance(2 * minute)
      t.match(await browser.send(nodes[after], 'POST', '/auth/refresh'), { statusCode: 200 }, 'no token is taken for stolen')
      for (const kind of ['access', 'refresh', 'device']) t.equal(browser.valuesOf(kind).length, 1, `one ${kind} cookie is left`)
      t.same(browser.valuesOf('device'), [device], 'the device is the same')

      // The settings are changed back before the browser returns.
      clock.advance(2 * minute)
      t.match(await browser.send(nodes[before], 'POST', '/auth/refresh'), { statusCode: 200 })
      t.match(await browser.send(nodes[before], 'POST', '/auth/logout'), { statusCode: 204 })
      for (const kind of ['access', 'refresh']) t.same(browser.valuesOf(kind), [], `no ${kind} cookie is left`)
      t.match(await browser.send(nodes[after], 'GET', '/auth/me'), { statusCode: 401 })
      t.match(await browser.send(nodes[after], 'POST', '/auth/login', credentials), { statusCode: 200 })
      t.match(await browser.send(nodes[after], 'GET', '/auth/me'), { statusCode: 200 }, 'a later login works')
      t.same(await mailJobs(nodes.wide, 'reuse_detected'), [], 'nobody is mailed about a theft')
    })
  }
}

for (const order of orders) {
  t.test(`with a domain, a cookie that another host has set shuts nobody out, ${order}`, async t => {
    const { email } = await signUp(nodes.wide)
    const browser = openBrowser(order)
    await browser.send(nodes.narrow, 'POST', '/auth/login', { email, password, transport: 'cookie' })
    for (const kind of ['access', 'refresh', 'device']) browser.set({ name: `__Secure-${kind}`, domain: 'example.com', value: 'tossed' })

    t.match(await browser.send(nodes.narrow, 'GET', '/auth/me'), { statusCode: 200 })
    t.match(await browser.send(nodes.narrow, 'POST', '/auth/refresh'), { statusCode: 200 })
    t.notOk(browser.all().some(({ value }) => value === 'tossed'), 'and it is removed')
    t.match(await browser.send(nodes.narrow, 'POST', '/auth/logout'), { statusCode: 204 })
  })
}

interface Kept { name: string, value: string, domain: string | undefined, isPartitioned: boolean }

/**
 * A browser on the API's host: it keeps one cookie for each name, domain and partition (RFC 6265bis §5.7), and a cookie
 * that is replaced keeps its place.
 */
function openBrowser (order: typeof orders[number]) {
  const kept = new Map<string, Kept>()
  return { send, set, valuesOf, all: () => [...kept.values()] }

  async function send (node: FastifyInstance, method: 'GET' | 'POST', path: string, payload?: object) {
    const sent = order === 'oldest first' ? [...kept.values()] : [...kept.values()].reverse()
    const cookie = sent.map(({ name, value }) => `${name}=${value}`).join('; ')
    const headers = { ...sameOrigin, cookie }
    const answer = await node.inject({ method, url: api(path), headers, ...(payload && { payload }) })

    for (const written of setCookies(answer)) {
      const { name, value, attributes } = written
      set({ name, value, domain: attributes.find(text => text.startsWith('Domain='))?.slice('Domain='.length), isPartitioned: attributes.includes('Partitioned'), isOver: maxAgeOf(written) === 0 })
    }
    return answer
  }

  function set ({ isOver = false, isPartitioned = false, ...cookie }: Pick<Kept, 'name' | 'value' | 'domain'> & { isPartitioned?: boolean, isOver?: boolean }) {
    const key = `${cookie.name} ${cookie.domain} ${isPartitioned}`
    if (isOver) kept.delete(key)
    else kept.set(key, { ...cookie, isPartitioned })
  }

  function valuesOf (kind: string) {
    return [...kept.values()].filter(({ name }) => name.endsWith(`-${kind}`)).map(({ value }) => value)
  }
}

async function startWith (settings: Record<string, string>) {
  return await start(t, { ...deployment, ...settings }, { workers: false, clock })
}
