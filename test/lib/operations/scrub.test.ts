import t from 'tap'
import { createRateCap } from '../../../lib/operations/rate-cap.ts'
import { scrub, textsIn } from '../../../lib/operations/scrub.ts'

t.test('what may be secret or personal leaves a message, and what helps stays', async t => {
  const messages: [message: string, scrubbed: string][] = [
    ['Unexpected token \'h\', "hunter2 is" is not valid JSON', 'Unexpected token \'h\', "…" is not valid JSON'],
    ['Cannot read properties of undefined (reading \'id\')', 'Cannot read properties of undefined (reading \'id\')'],
    ['no route for \'+44 20 7946\' here', 'no route for \'…\' here'],
    ['mail to ada@example.com failed', 'mail to …@… failed'],
    ['connect ECONNREFUSED 10.0.0.7:5432', 'connect ECONNREFUSED ….….….…'],
    ['peer 2001:db8::7 is gone', 'peer …:… is gone'],
    ['postgres://u:p@db/x is down', '…://… is down'],
    ['token eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln is bad', 'token … is bad'],
    ['code 004711', 'code …']
  ]
  for (const [message, scrubbed] of messages) t.equal(scrub(message), scrubbed)
  t.ok(scrub('x '.repeat(5000)).length <= 500)
})

t.test('whatever the client has sent leaves it, wherever it stands', async t => {
  const sent = textsIn({ password: 'my pass', nested: [{ pin: 4711 }, 'pass'], short: 'is' })
  t.equal(scrub('this is my pass, and the pin is 4711', sent), 'this is …, and the pin is …')
})

t.test('a cap lets a burst through, then so many a second', async t => {
  let time = 0
  const take = createRateCap(2, { burst: 3, now: () => time })
  t.strictSame([take(), take(), take(), take()], [true, true, true, false])
  time += 500
  t.strictSame([take(), take()], [true, false])
  time += 60_000
  t.strictSame([take(), take(), take(), take()], [true, true, true, false], 'what was not used does not add up')
})
