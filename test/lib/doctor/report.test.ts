import t from 'tap'
import { examine, verdictOf } from '../../../lib/doctor/examination.ts'
import { reportOf } from '../../../lib/doctor/report.ts'
import { Refusal } from '../../../lib/errors.ts'

const unsafe = { code: 'a', severity: 'unsafe' as const, message: 'It is open.', advice: 'Close it.' }
const warning = { code: 'b', severity: 'warning' as const, message: 'It is old.', advice: 'Renew it.' }

t.test('an area that fails, or takes too long, is a finding and hides no other', async t => {
  const findings = await examine([
    { area: 'one', look: () => [unsafe] },
    { area: 'two', look: () => { throw new Refusal('unavailable', { cause: new Error('ECONNREFUSED') }) } },
    { area: 'three', look: () => new Promise(() => {}) },
    { area: 'four', look: async () => [warning] }
  ], 20)

  t.match(findings, [
    { area: 'one', code: 'a' },
    { area: 'two', code: 'not_examined', severity: 'unknown', message: /two.*ECONNREFUSED/ },
    { area: 'three', code: 'not_examined', severity: 'unknown', message: /did not answer within 20 ms/ },
    { area: 'four', code: 'b' }
  ])
  t.equal(findings.length, 4)
})

t.test('the verdict is that of the worst finding; a warning alone is sound', async t => {
  const unknown = { severity: 'unknown' as const }
  t.equal(verdictOf([]), 'sound')
  t.equal(verdictOf([warning, { severity: 'info' }]), 'sound')
  t.equal(verdictOf([warning, unknown]), 'unknown')
  t.equal(verdictOf([unknown, unsafe]), 'unsafe')
})

t.test('the report shows the worst first, with what to do, in lines of a terminal', async t => {
  const long = { area: 'redis', ...warning, message: 'many words '.repeat(40).trim() }
  const text = reportOf([long, { area: 'database', ...unsafe, message: 'bad \u001b[2J name' }], { hasColours: false })

  t.match(text, /^UNSAFE {2}database: a\n {2}bad {2}\[2J name\n {2}→ Close it\.\n\nWARNING {2}redis: b\n/)
  t.match(text, /The deployment is NOT sound\. Found: 1 unsafe, 1 warning\.$/)
  t.ok(text.split('\n').every(line => line.length <= 100))
  t.notMatch(text, '\u001b')
  t.match(reportOf([long], { hasColours: true }), '\u001b[1;33mWARNING\u001b[0m')
  t.match(reportOf([], { hasColours: false }), /is sound\. Nothing was found/)
})
