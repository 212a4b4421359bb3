import t from 'tap'
import { readUserAgent } from '../../../../lib/mail/texts/user-agent.ts'
import { startStopwatch } from '../../../support/stopwatch.ts'

t.test('common browsers and platforms are called by their names', async t => {
  const known: [string, string | null, string | null][] = [
    ['Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0', 'Firefox', 'Linux'],
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36', 'Chrome', 'Windows'],
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0', 'Edge', 'Windows'],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 OPR/116.0.0.0', 'Opera', 'macOS'],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15', 'Safari', 'macOS'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1', 'Safari', 'iPhone'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1', 'Chrome', 'iPhone'],
    ['Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/133.0 Mobile/15E148 Safari/605.1.15', 'Firefox', 'iPad'],
    ['Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36', 'Samsung Internet', 'Android'],
    ['Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36', 'Chrome', 'ChromeOS'],
    ['okhttp/4.12.0', 'okhttp/4.12.0', null],
    ['curl/8.5.0', 'curl/8.5.0', null],
    ['Dart/3.5 (dart:io)', 'Dart/3.5', null],
    ['AcmeApp/42 CFNetwork/1568.200.51 Darwin/24.1.0', 'AcmeApp/42', null],
    ['Mozilla/5.0 (Fridge)', null, null],
    ['', null, null]
  ]
  for (const [userAgent, program, platform] of known) t.same(readUserAgent(userAgent), { program, platform }, userAgent)
})

t.test('a caller cannot hide a message in its user agent', async t => {
  for (const userAgent of ['Your account is at risk, call +1 555 0100', 'www.evil.example/1', 'https://evil.example/1', 'Call-now/+1555', '<b>a/1</b>', 'a\r\nb/1', 'evil/1.example', `${'a'.repeat(31)}/1`, `a/${'1'.repeat(99)}`]) {
    t.same(readUserAgent(userAgent), { program: null, platform: null }, userAgent)
  }
  t.same(readUserAgent('curl/8 and a message about Windows'), { program: 'curl/8', platform: 'Windows' })
})

t.test('a long user agent is read quickly', async t => {
  const passed = startStopwatch()
  for (const userAgent of ['Version/1'.repeat(10_000), 'a'.repeat(100_000), 'Mozilla/'.repeat(10_000)]) readUserAgent(userAgent.slice(0, 512))
  t.ok(passed() < 50)
})
