import t from 'tap'
import { acrOf, acrValues, acrValuesFrom, satisfies, withSecond, withoutMfa, withoutSecond } from '../../../lib/tokens/assurance.ts'

t.test('the strength follows from the methods, and two of one kind are not two factors', async t => {
  t.equal(acrOf(['pwd']), 'urn:latchkey:acr:1fa')
  t.equal(acrOf(['otp']), 'urn:latchkey:acr:1fa')
  t.equal(acrOf(['pwd', 'otp']), 'urn:latchkey:acr:1fa', 'nobody has said that they were two factors')
  t.equal(acrOf(['pop']), 'urn:latchkey:acr:1fa', 'a touch alone')
  t.equal(acrOf(['pwd', 'otp', 'mfa']), 'urn:latchkey:acr:2fa')
  t.equal(acrOf(['pop', 'user', 'mfa']), 'phr')
  t.equal(acrOf([]), 'urn:latchkey:acr:1fa')
})

t.test('each strength includes those before it, and an unknown one is the weakest', async t => {
  const [one, two, phr] = acrValues
  t.strictSame([one, two, phr].map(acr => [one, two, phr].map(wanted => satisfies(acr, wanted))), [
    [true, false, false],
    [true, true, false],
    [true, true, true]
  ])
  for (const unknown of ['', 'phrh', '2fa', 'URN:latchkey:acr:2fa']) t.strictSame([one, two, phr].map(wanted => satisfies(unknown, wanted)), [true, false, false], unknown)
})

t.test('a challenge lists everything that would do', async t => {
  t.strictSame(acrValues.map(acrValuesFrom), ['urn:latchkey:acr:1fa urn:latchkey:acr:2fa phr', 'urn:latchkey:acr:2fa phr', 'phr'])
})

t.test('a factor that comes or goes changes the methods of a session, and no other one is claimed', async t => {
  t.strictSame(withSecond(['pwd'], 'otp'), ['pwd', 'otp', 'mfa'])
  t.strictSame(withSecond(['pwd', 'otp', 'mfa'], 'otp'), ['pwd', 'otp', 'mfa'])
  t.strictSame(withSecond(['pop', 'user', 'mfa'], 'otp'), ['pop', 'user', 'otp', 'mfa'])
  t.strictSame(withoutSecond(['pwd', 'otp', 'mfa'], 'otp'), ['pwd'])
  t.strictSame(withoutSecond(['pop', 'user', 'mfa'], 'otp'), ['pop', 'user', 'mfa'])
  t.strictSame(withoutSecond(['pwd', 'pop', 'user', 'mfa'], 'pop'), ['pwd', 'user'])
  t.strictSame(withoutSecond(['pop', 'user', 'otp', 'mfa'], 'pop'), ['user', 'otp', 'mfa'])
})

t.test('what is left of two factors is one, and of one factor all', async t => {
  for (const [before, after] of [[['pwd', 'otp', 'mfa'], ['pwd']], [['pwd', 'pop', 'user', 'mfa'], ['pwd']], [['pop', 'user', 'mfa'], ['pop', 'user']], [['pop', 'user', 'otp', 'mfa'], ['pop', 'user', 'otp']], [['pwd'], ['pwd']]] as const) {
    t.strictSame(withoutMfa(before), after)
    t.equal(acrOf(withoutMfa(before)), 'urn:latchkey:acr:1fa')
  }
})
