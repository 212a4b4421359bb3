import cookie from '@fastify/cookie'
import Fastify from 'fastify'
import t from 'tap'
import { createTokenCookies } from '../../../lib/http/token-cookies.ts'
import type { CookieSettings, IssueTimes } from '../../../lib/http/token-cookies.ts'
import { startStopwatch } from '../../support/stopwatch.ts'

// The parser as the plugin hands it over.
const asSent = { encode: encodeURIComponent, decode: (value: string) => value }
const parser = Fastify()
await parser.register(cookie, { hook: false, parseOptions: asSent })
const cookies = create()

t.test('names and attributes follow the settings', async t => {
  for (const cookieDomain of [null, 'example.com']) {
    for (const cookieSecure of [true, false]) {
      for (const cookieSameSite of ['strict', 'lax', 'none'] as const) {
        for (const cookiePartitioned of [true, false]) {
          const { names, attributes } = create({ cookieDomain, cookieSecure, cookieSameSite, cookiePartitioned })
          const prefix = cookieSecure ? cookieDomain === null ? '__Host-' : '__Secure-' : ''
          const title = `${cookieDomain} ${cookieSecure} ${cookieSameSite} ${cookiePartitioned}`

          t.strictSame(names, { access: `${prefix}access`, refresh: `${prefix}refresh`, device: `${prefix}device`, mfa: `${prefix}mfa` }, title)
          t.strictSame(attributes, {
            path: '/',
            httpOnly: true,
            secure: cookieSecure,
            sameSite: cookieSameSite,
            ...(cookieDomain !== null && { domain: cookieDomain }),
            ...(cookiePartitioned && { partitioned: true })
          }, title)
        }
      }
    }
  }
})

t.test('the scopes of a name contain the current one and all that earlier settings may have used', async t => {
  for (const [settings, expected] of [
    [{}, ['- partitioned', '- -']],
    [{ cookieSecure: false }, ['- -']],
    [{ cookieDomain: 'example.com' }, ['example.com partitioned', 'example.com -', '- partitioned', '- -']],
    [{ cookieDomain: 'example.com', cookieSecure: false }, ['example.com -', '- -']],
    [{ cookieDomain: 'eu.example.com', cookieSecure: false, issuer: 'https://auth.eu.example.com' }, ['eu.example.com -', 'example.com -', 'auth.eu.example.com -', '- -']],
    [{ cookieDomain: 'localhost', cookieSecure: false, issuer: 'http://127.0.0.1:3000' }, ['localhost -', '- -']],
    [{ cookieDomain: 'localhost', cookieSecure: false, issuer: 'http://[::1]:3000' }, ['localhost -', '- -']]
  ] as const) {
    const { scopes, attributes } = create(settings)
    t.same(scopes.map(scope => `${scope.domain ?? '-'} ${scope.partitioned ? 'partitioned' : '-'}`), expected)
    t.ok(scopes.some(scope => JSON.stringify(scope) === JSON.stringify(attributes)))
  }
})

t.test('our cookies are found among others, wherever they stand', async t => {
  t.strictSame(cookies.read(undefined), {})
  for (const [header, expected] of [
    ['', {}],
    [';;; ;', {}],
    ['theme=dark', {}],
    ['__Host-access=a', { access: 'a' }],
    ['theme=dark; __Host-refresh=r; lang=en', { refresh: 'r' }],
    ['__Host-access=a; __Host-refresh=r; __Host-device=d', { access: 'a', refresh: 'r', device: 'd' }],
    ['__Host-access=a;__Host-refresh=r;\t__Host-device=d', { access: 'a', refresh: 'r', device: 'd' }],
    ['__Host-access=', { access: '' }],
    ['__Host-access=a=b==', { access: 'a=b==' }],
    ['__Host-access="a"', { access: '"a"' }],
    ['__Host-access=%61', { access: '%61' }],
    ['__proto__=x; constructor=y', {}]
  ] as const) t.strictSame(cookies.read(header), expected, header)
})

t.test('a name that browsers treat as another name is another name', async t => {
  const names = [
    'access', '__Secure-access', '__host-access', '__HOST-access', '__Host-Access', '__Host-access2', 'x__Host-access', '=__Host-access', '__Host-access ', '__Host-%61ccess', '"__Host-access"',
    ...['\u00a0', '\u000b', '\u000c', '\ufeff', '\u2000', '\u2028', '\u3000', '\u0085', '\r', '\n'].flatMap(space => [`${space}__Host-access`, ` ${space}__Host-access`, `__Host-access${space}`])
  ]
  for (const name of names) t.strictSame(cookies.read(`${name}=tossed`), {}, encodeURIComponent(name))
  t.strictSame(cookies.read('__Host-access'), {}, 'without a value it is none')
  t.strictSame(cookies.read('\u00a0__Host-access=tossed; __Host-access=mine'), { access: 'mine' })
})

t.test('two cookies with the same name are refused, whatever their values', async t => {
  for (const header of ['__Host-access=a; __Host-access=b', '__Host-access=a; __Host-access=a', '__Host-access=; __Host-access=', '__Host-access=a; theme=x; __Host-refresh=r;__Host-access=b']) {
    t.throws(() => cookies.read(header), { code: 'malformed_request' }, header)
    t.strictSame(cookies.twinsIn(header), ['access'])
  }
  t.strictSame(cookies.twinsIn('__Host-device=1; __Host-refresh=1; __Host-device=2; __Host-refresh=2; __Host-device=3; __Host-access=1'), ['refresh', 'device'])
  t.strictSame(cookies.twinsIn('theme=1; theme=2; __Host-access=1; access=2'), [])
})

t.test('of several cookies with the same name the one that was issued last is read', async t => {
  const issueTimes = { refresh: (value: string) => /^[0-9]+$/.test(value) ? Number(value) : null }
  const twins = (...values: string[]) => values.map(value => `__Host-refresh=${value}`).join('; ')
  const wide = (...values: string[]) => twins(...values).replaceAll('__Host-', '__Secure-')

  for (const order of [['1', '3'], ['3', '1'], ['3', '3']]) {
    t.strictSame(cookies.read(twins(...order), issueTimes), { refresh: '3' }, 'left from the other partition')
  }
  for (const order of [['1', '2', '3'], ['3', '2', '1'], ['2', '3', '1'], ['3', '3']]) {
    t.strictSame(create({ cookieDomain: 'example.com' }).read(wide(...order), issueTimes), { refresh: '3' })
  }
  for (const order of [['x', '1'], ['1', 'x']]) {
    t.throws(() => cookies.read(twins(...order), issueTimes), { code: 'malformed_request' }, 'no other host can have set it')
    t.strictSame(create({ cookieDomain: 'example.com' }).read(wide(...order), issueTimes), { refresh: '1' }, 'any host of the domain can have set it')
  }
  t.throws(() => create({ cookieDomain: 'example.com' }).read(wide('x', 'y'), issueTimes), { code: 'malformed_request' })
})

t.test('of several cookies that were issued at the same time, or do not say when, the one that the browser has got last is read', async t => {
  // A browser sends the cookie that it has had for longer first (RFC 6265, section 5.4).
  const issueTimes = { access: () => 1_700_000_000_000, device: () => 0 }
  for (const kind of ['access', 'device'] as const) {
    const name = `__Host-${kind}`
    t.strictSame(cookies.read(`${name}=earlier; ${name}=later`, issueTimes), { [kind]: 'later' })
  }
})

t.test('no value is dated where there are more than a browser can have, and equal ones are dated once', async t => {
  for (const [settings, name, valuesMax] of [[{}, '__Host-access', 2], [{ cookieDomain: 'example.com' }, '__Secure-access', 4]] as const) {
    const { read } = create(settings)
    const dated: string[] = []
    const issueTimes = { access: (value: string) => dated.push(value) }
    const carry = (values: unknown[]) => values.map(value => `${name}=${value}`).join('; ')

    t.throws(() => read(carry([...Array(valuesMax + 1).keys()]), issueTimes), { code: 'malformed_request' }, 'one too many')
    t.throws(() => read(carry(Array(20).fill('own')), issueTimes), { code: 'malformed_request' }, 'one value twenty times')
    t.strictSame(dated, [])
    t.strictSame(read(carry(Array(valuesMax).fill('own')), issueTimes), { access: 'own' })
    t.strictSame(dated, ['own'])
  }
})

t.test('only the current names are read', async t => {
  const header = 'access=plain; __Secure-access=secure; __Host-access=host'
  t.strictSame(create().read(header), { access: 'host' })
  t.strictSame(create({ cookieDomain: 'example.com' }).read(header), { access: 'secure' })
  t.strictSame(create({ cookieSecure: false }).read(header), { access: 'plain' })
})

t.test('the time to read a header grows linearly with its length', async t => {
  const passed = startStopwatch()
  cookies.read(' \t'.repeat(8000) + '=;'.repeat(8000))
  cookies.read(`__Host-access=${'a '.repeat(8000)}`)
  t.ok(passed() < 200)
})

t.test('of thousands of pairs only those with a name of ours are parsed', async t => {
  const parsed: string[] = []
  const { find } = createTokenCookies({ issuer: 'https://example.com', cookieDomain: null, cookieSameSite: 'strict', cookiePartitioned: false, cookieSecure: true }, pair => {
    parsed.push(pair.trim())
    return parser.parseCookie(pair)
  })
  t.strictSame(find(`${';'.repeat(15_000)}${'a=b;'.repeat(3000)} __Host-access=a; __Host-access2=b`), [['access', 'a']])
  t.strictSame(parsed, ['__Host-access=a'])
})

function create (settings: Partial<CookieSettings> = {}) {
  const made = createTokenCookies({ issuer: 'https://example.com', cookieDomain: null, cookieSameSite: 'strict', cookiePartitioned: false, cookieSecure: true, ...settings }, pair => parser.parseCookie(pair))
  return {
    ...made,
    read: (header: string | undefined, issueTimes?: IssueTimes) => made.choose(made.find(header), issueTimes),
    twinsIn: (header: string) => made.twinsIn(made.find(header))
  }
}
