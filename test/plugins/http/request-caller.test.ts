import t from 'tap'
import type { Test } from 'tap'
import { canonicalAddress } from '../../../lib/http/client-address.ts'
import { createTrustedProxies } from '../../../lib/http/trusted-proxies.ts'
import { buildHttp } from '../../support/http.ts'

t.test('only a listed proxy is believed about the caller’s address', async t => {
  const app = await build(t, [])
  const lies = { 'x-forwarded-for': '6.6.6.6', 'x-real-ip': '6.6.6.6', forwarded: 'for=6.6.6.6', 'cf-connecting-ip': '6.6.6.6', 'true-client-ip': '6.6.6.6' }
  t.match((await app.inject({ url: '/', remoteAddress: '9.9.9.9', headers: lies })).json(), { ip: '9.9.9.9' })
})

t.test('behind proxies the nearest address that is not a proxy’s counts', async t => {
  const app = await build(t, ['10.0.0.0/8', '::1'])
  const cases: [string, string, string][] = [
    ['10.0.0.1', '1.2.3.4', '1.2.3.4'],
    ['10.0.0.1', '6.6.6.6, 1.2.3.4', '1.2.3.4'],
    ['10.0.0.1', '6.6.6.6, 1.2.3.4, 10.9.9.9', '1.2.3.4'],
    ['::ffff:10.0.0.1', '::ffff:1.2.3.4', '1.2.3.4'],
    ['::1', '2001:DB8:0:0::1', '2001:db8::1'],
    ['10.0.0.1', 'garbage', '10.0.0.1'],
    ['10.0.0.1', '1.2.3.4:5678', '1.2.3.4'],
    ['10.0.0.1', '6.6.6.6, 1.2.3.4:5678, 10.9.9.9:443', '1.2.3.4'],
    ['10.0.0.1', '[2001:DB8::1]:5678', '2001:db8::1'],
    ['10.0.0.1', '[2001:db8::1]', '2001:db8::1'],
    ['10.0.0.1', '1.2.3.4, [::1]:80', '1.2.3.4'],
    ['10.0.0.1', '[::ffff:1.2.3.4]:80', '1.2.3.4'],
    ['10.0.0.1', '1.2.3.4, garbage', '10.0.0.1'],
    ['10.0.0.1', '1.2.3.4:port', '10.0.0.1'],
    ['10.0.0.1', '[1.2.3.4:80', '10.0.0.1'],
    ['10.0.0.1', 'unknown', '10.0.0.1'],
    ['9.9.9.9', '1.2.3.4', '9.9.9.9']
  ]

  for (const [remoteAddress, forwarded, ip] of cases) {
    t.match((await app.inject({ url: '/', remoteAddress, headers: { 'x-forwarded-for': forwarded } })).json(), { ip }, `${forwarded} by ${remoteAddress}`)
  }
})

t.test('a header for the address of the client counts before X-Forwarded-For, if a listed proxy sends it', async t => {
  const { app } = await buildHttp(t, app => { app.get('/', async ({ caller }) => caller) }, { trustProxy: ['172.16.0.0/12'], clientAddressHeader: 'fly-client-ip' })
  const cases: [string, Record<string, string | string[]>, string][] = [
    ['172.16.0.1', { 'fly-client-ip': '1.2.3.4', 'x-forwarded-for': '6.6.6.6, 66.241.124.7' }, '1.2.3.4'],
    ['172.16.0.1', { 'fly-client-ip': '2001:DB8::1' }, '2001:db8::1'],
    ['172.16.0.1', { 'x-forwarded-for': '1.2.3.4' }, '1.2.3.4'],
    ['172.16.0.1', {}, '172.16.0.1'],
    ['172.16.0.1', { 'fly-client-ip': ['6.6.6.6', '1.2.3.4'] }, '172.16.0.1'],
    ['172.16.0.1', { 'fly-client-ip': '' }, '172.16.0.1'],
    ['9.9.9.9', { 'fly-client-ip': '1.2.3.4' }, '9.9.9.9']
  ]

  for (const [remoteAddress, headers, ip] of cases) {
    t.match((await app.inject({ url: '/', remoteAddress, headers })).json(), { ip }, JSON.stringify([remoteAddress, headers]))
  }
})

t.test('an address that cannot be read is counted, and logged once a minute', async t => {
  const { app, lines } = await buildHttp(t, app => { app.get('/', async ({ caller }) => caller) }, { trustProxy: ['10.0.0.0/8'], level: 'info' })
  const forwarded = `unknown${'x'.repeat(100)}`
  for (let n = 0; n < 3; n++) await app.inject({ url: '/', remoteAddress: '10.0.0.1', headers: { 'x-forwarded-for': forwarded } })
  await app.inject({ url: '/', remoteAddress: '10.0.0.1', headers: { 'x-forwarded-for': '1.2.3.4:5678' } })
  await app.inject({ url: '/', remoteAddress: '10.0.0.1' })
  const told = lines.filter(line => /forwarded address cannot be read/.test(line))

  t.equal(told.length, 1)
  t.match(JSON.parse(told[0] ?? ''), { level: 'warn', forwarded: forwarded.slice(0, 64) })
  t.match(await app.metrics.render(), /^latchkey_forwarded_unreadable_total 3$/m)
})

t.test('proxies are trusted by address and by network, however they are written', async t => {
  const isTrusted = createTrustedProxies(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '::ffff:172.16.0.0/108', '::ffff:203.0.113.9'])
  for (const yes of ['10.255.0.1', '::ffff:10.0.0.1', '10.0.0.1:443', '192.0.2.7', '2001:DB8:1::1', '[2001:db8::1]:443', '172.31.0.1', '203.0.113.9']) t.ok(isTrusted(yes), yes)
  for (const no of ['11.0.0.1', '192.0.2.8', '2001:db9::1', '172.32.0.1', '203.0.113.8', 'unknown', '', undefined]) t.notOk(isTrusted(no), String(no))
})

t.test('every address has one form', async t => {
  t.equal(canonicalAddress('::ffff:1.2.3.4'), '1.2.3.4')
  t.equal(canonicalAddress('::FFFF:102:304'), '1.2.3.4')
  t.equal(canonicalAddress('0:0:0:0:0:ffff:102:304'), '1.2.3.4')
  t.equal(canonicalAddress('fe80::1%eth0'), 'fe80::1')
  t.equal(canonicalAddress('2001:0DB8:0000::0001'), '2001:db8::1')
  for (const text of ['', 'localhost', '1.2.3', '1.2.3.4:80', '[::1]', undefined]) t.equal(canonicalAddress(text), undefined)
})

t.test('the user agent is truncated, and null when there is none', async t => {
  const app = await build(t, [])
  t.equal((await app.inject({ url: '/', headers: { 'user-agent': 'x'.repeat(1000) } })).json().userAgent.length, 512)
  t.equal((await app.inject({ url: '/', headers: { 'user-agent': '' } })).json().userAgent, null)
})

t.test('a request id is accepted only in a safe form', async t => {
  const app = await build(t, [])
  t.match(await idOf('a-B_c.9'), 'a-B_c.9')
  for (const id of ['', 'a b', 'a\tb', '{"x":1}', 'x'.repeat(65), 'é', 'a,b', '<x>']) t.match(await idOf(id), /^[0-9a-f-]{36}$/, id)

  async function idOf (id: string) {
    const answer = await app.inject({ url: '/', headers: { 'x-request-id': id } })
    t.equal(answer.headers['x-request-id'], answer.json().requestId)
    return answer.json().requestId
  }
})

async function build (t: Pick<Test, 'teardown'>, trustProxy: string[]) {
  const { app } = await buildHttp(t, app => { app.get('/', async ({ caller }) => caller) }, { trustProxy })
  return app
}
