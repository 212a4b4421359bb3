import t from 'tap'
import type { CarriedCookies } from '../../../lib/http/token-cookies.ts'
import { findCarriedToken, theOnly, theRequired, tokenIn } from '../../../lib/sessions/presented-token.ts'

const bodies = [undefined, null, '', 'refresh_token', 'x', 0, 7, true, [], ['refresh_token'], {}, { token: 'x' }, { refresh_token: 7 }, { refresh_token: null }, { refresh_token: { a: 1 } }, { refresh_token: ['x'] }]

t.test('the transport of a token is the one by which it came', async t => {
  t.strictSame(presentedToken({}, { refresh_token: 'b' }), { token: 'b', transport: 'bearer', isAmbiguous: false })
  for (const body of bodies) t.strictSame(presentedToken({ refresh: 'c' }, body), { token: 'c', transport: 'cookie', isAmbiguous: false })
  t.strictSame(presentedToken({ refresh: '' }, undefined), { token: '', transport: 'cookie', isAmbiguous: false }, 'an empty cookie is a token that is none')
})

t.test('access and device cookies are not refresh tokens', async t => {
  for (const body of bodies) t.throws(() => presentedToken({ access: 'a', device: 'd' }, body), { code: 'unauthenticated' })
})

t.test('two tokens are refused, also when they are the same or empty', async t => {
  for (const refresh of ['c', 'b', '']) {
    for (const token of ['b', '']) {
      t.throws(() => presentedToken({ refresh }, { refresh_token: token }), { code: 'malformed_request' })
      t.match(findCarriedToken({ refresh }, { refresh_token: token }), { token: refresh, transport: 'cookie' }, 'the cookie is the one that is counted')
    }
  }
})

t.test('no other body contains a token', async t => {
  for (const body of bodies) {
    t.equal(tokenIn(body), undefined)
    t.throws(() => presentedToken({}, body), { code: 'unauthenticated' })
    t.equal(findPresentedToken({}, body), undefined, 'which may be in order')
  }
  t.throws(() => findPresentedToken({ refresh: 'c' }, { refresh_token: 'b' }), { code: 'malformed_request' }, 'two may not')
  t.equal(tokenIn({ refresh_token: 'b' }), 'b')
})

function presentedToken (cookies: CarriedCookies, body: unknown) {
  return theRequired(findCarriedToken(cookies, body))
}

function findPresentedToken (cookies: CarriedCookies, body: unknown) {
  return theOnly(findCarriedToken(cookies, body))
}
