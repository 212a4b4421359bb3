import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { isDebian, unpackDebian } from '../../../dev/services/debian.ts'
import { matchingStep, secretBytes, stepAt, totpCode, totpUri } from '../../../lib/factors/totp.ts'
import { toBase32 } from '../../../lib/formats/base32.ts'
import { runProgram } from '../../support/outside/debian-program.ts'
import { debianPython } from '../../support/outside/debian-python.ts'

const secret = Buffer.from('12345678901234567890')
const run = promisify(execFile)
const oathtool = isDebian() ? await unpackDebian(['oathtool']).catch(() => null) : null
const python = await debianPython(['python3-pyotp'])

t.test('codes are those of RFC 6238, appendix B, and of RFC 4226, appendix D', async t => {
  const times: [number, string][] = [[59, '94287082'], [1111111109, '07081804'], [1111111111, '14050471'], [1234567890, '89005924'], [2000000000, '69279037'], [20000000000, '65353130']]
  // Six digits of a code are the last six of its eight.
  for (const [seconds, code] of times) t.equal(totpCode(secret, stepAt(seconds * 1000)), code.slice(2), String(seconds))

  const counters = ['755224', '287082', '359152', '969429', '338314', '254676', '287922', '162583', '399871', '520489']
  t.strictSame(counters.map((_, counter) => totpCode(secret, counter)), counters)
})

t.test('Base32 is that of RFC 4648, section 10, without its padding', async t => {
  const vectors = { '': '', f: 'MY', fo: 'MZXQ', foo: 'MZXW6', foob: 'MZXW6YQ', fooba: 'MZXW6YTB', foobar: 'MZXW6YTBOI' }
  for (const [text, encoded] of Object.entries(vectors)) t.equal(toBase32(Buffer.from(text)), encoded)
})

t.test('a step ends where the next begins', async t => {
  t.strictSame([0, 29_999, 30_000, 59_999, 60_000].map(stepAt), [0, 0, 1, 1, 2])
})

t.test('a code is found in the steps of the range and in no other', async t => {
  const range = { from: 10, to: 11 }
  t.equal(matchingStep(secret, totpCode(secret, 10), range), 10)
  t.equal(matchingStep(secret, totpCode(secret, 11), range), 11)
  for (const step of [9, 12]) t.equal(matchingStep(secret, totpCode(secret, step), range), null)

  const code = totpCode(secret, 10)
  for (const other of ['', '0', code.slice(1), `${code}0`, ` ${code}`, `${code}\n`, code.replace(/.$/, '٣'), '１２３４５６']) t.equal(matchingStep(secret, other, range), null, JSON.stringify(other))
  t.equal(matchingStep(Buffer.from('another secret of a size'), code, range), null)
})

t.test('of two steps that have the same code the later one is found, so that the code is used up for both', async t => {
  const [step, code] = [910_737, '911617']
  t.strictSame([step, step + 1].map(step => totpCode(secret, step)), [code, code])
  t.equal(matchingStep(secret, code, { from: step - 1, to: step + 1 }), step + 1)
})

t.test('the URI has the spelling that authenticator apps read', async t => {
  t.equal(
    totpUri({ secret, issuer: 'Quill & Sons', account: 'ada+1@example.com' }),
    'otpauth://totp/Quill%20%26%20Sons:ada%2B1%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Quill%20%26%20Sons&algorithm=SHA1&digits=6&period=30'
  )
})

t.test('oathtool makes the same codes', { skip: oathtool === null && 'oathtool comes from Debian' }, async t => {
  const { folder = '', env } = oathtool ?? {}
  for (const now of [0, 29, 30, 1_795_771_829, 20_000_000_000]) {
    const secret = randomBytes(secretBytes)
    const { stdout } = await run(join(folder, 'usr/bin/oathtool'), ['--totp', '-b', '-N', `@${now}`, toBase32(secret)], { env })
    t.equal(totpCode(secret, stepAt(now * 1000)), stdout.trim(), String(now))
  }
})

t.test('pyotp reads the URI, and makes the same codes from it', { skip: python.missing }, async t => {
  const script = `
import json, pyotp, sys
read = pyotp.parse_uri(sys.argv[1])
json.dump({'issuer': read.issuer, 'account': read.name, 'digits': read.digits, 'period': read.interval,
           'codes': [read.at(int(now)) for now in sys.argv[2:]]}, sys.stdout)`
  const secret = randomBytes(secretBytes)
  // It decodes the URI before it takes it apart, so a name with & is nothing for it.
  const about = { issuer: 'Quill and Sons', account: 'ada+1@example.com' }
  const moments = [0, 29, 30, 1_795_771_829, 20_000_000_000]

  const { code, stdout, output } = await runProgram(python, ['-c', script, totpUri({ secret, ...about }), ...moments.map(String)])
  t.equal(code, 0, output)
  t.strictSame(JSON.parse(stdout), {
    ...about,
    digits: 6,
    period: 30,
    codes: moments.map(now => totpCode(secret, stepAt(now * 1000)))
  })
})
