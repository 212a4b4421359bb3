import t from 'tap'
import { createOrigins } from '../../../lib/http/origins.ts'

const { mayAct } = createOrigins({ allowedOrigins: ['https://app.example.com', 'https://local.example.com:8443', 'capacitor://localhost'], issuer: 'https://auth.example.com' })
const unsafe = ['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND', 'post', '']
const words = [undefined, '', 'same-origin', 'none', 'same-site', 'cross-site', 'Same-Origin', 'same-origin ', 'same-origin, cross-site', 'NONE', 'null']

t.test('an allowed origin may make changes, whatever the other headers say', async t => {
  for (const origin of ['https://auth.example.com', 'https://app.example.com', 'https://local.example.com:8443', 'capacitor://localhost']) {
    for (const method of unsafe) for (const fetchSite of words) for (const hasCookies of [true, false]) t.ok(mayAct({ method, origin, fetchSite }, hasCookies), `${method} ${origin} ${fetchSite}`)
  }
})

t.test('no other origin may make changes, even without cookies and whatever Sec-Fetch-Site says', async t => {
  const origins = [
    '', 'null', 'undefined', '*', 'https://evil.com', 'https://example.com', 'http://app.example.com', 'http://auth.example.com', 'https://auth.example.com/', 'https://auth.example.com:443', 'https://auth.example.com:8443',
    'https://app.example.com.evil.com', 'https://evil-app.example.com', 'https://evil.com/https://app.example.com', 'https://app.example.com@evil.com', 'https://app.example.com#', 'https://app.example.com?', 'HTTPS://APP.EXAMPLE.COM',
    'https://app.example.com.', ' https://app.example.com', 'https://app.example.com, https://app.example.com', 'https://app.example.com https://evil.com', 'https://local.example.com', 'capacitor://localhost/', 'capacitor://', 'capacitor://evil', 'ionic://localhost',
    'https://аpp.example.com', 'constructor', '__proto__', 'toString'
  ]
  for (const origin of origins) {
    for (const method of unsafe) for (const fetchSite of words) for (const hasCookies of [true, false]) t.notOk(mayAct({ method, origin, fetchSite }, hasCookies), `${method} ${origin} ${fetchSite}`)
  }
})

t.test('without an origin, cookies are accepted only from our own pages and from requests that no page caused', async t => {
  for (const method of unsafe) {
    for (const fetchSite of words) {
      t.equal(mayAct({ method, origin: undefined, fetchSite }, true), fetchSite === 'same-origin' || fetchSite === 'none', `${method} ${fetchSite}`)
      t.ok(mayAct({ method, origin: undefined, fetchSite }, false), 'without cookies there is nothing to abuse')
    }
  }
})

t.test('reading is free', async t => {
  for (const method of ['GET', 'HEAD', 'OPTIONS']) for (const origin of [undefined, 'null', 'https://evil.com']) for (const fetchSite of words) t.ok(mayAct({ method, origin, fetchSite }, true))
})

t.test('the origin of the issuer is written as browsers write it', async t => {
  for (const [issuer, origin] of [['https://auth.example.com:443', 'https://auth.example.com'], ['http://localhost:3000', 'http://localhost:3000'], ['http://localhost:80', 'http://localhost']] as const) {
    t.ok(createOrigins({ allowedOrigins: [], issuer }).mayAct({ method: 'POST', origin, fetchSite: undefined }, true), issuer)
  }
  t.notOk(createOrigins({ allowedOrigins: [], issuer: 'https://auth.example.com' }).mayAct({ method: 'POST', origin: 'https://app.example.com', fetchSite: undefined }, false), 'nothing is listed by itself')
})
