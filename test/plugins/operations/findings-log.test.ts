import { PassThrough } from 'node:stream'
import Fastify from 'fastify'
import t from 'tap'
import type { Examination } from '../../../lib/doctor/examination.ts'
import findingsLog from '../../../plugins/operations/findings-log.ts'

const finding = { code: 'role_superuser', severity: 'unsafe' as const, message: 'It is a superuser.', advice: 'Take another.' }

t.test('a server says once, after it listens, what the doctor finds; what cannot be looked at ends nothing', async t => {
  const lines: string[] = []
  const stream = new PassThrough().on('data', (chunk: Buffer) => lines.push(chunk.toString()))
  const app = Fastify({ logger: { level: 'info', stream } })
  let looks = 0
  const done = new Promise<void>(resolve => {
    app.decorate('examinations', [
      { area: 'database', look: () => { looks++; return [finding] } },
      { area: 'redis', look: () => { setImmediate(() => setImmediate(resolve)); throw new Error('it is away') } }
    ] satisfies Examination[])
  })
  t.teardown(() => app.close())
  await app.register(findingsLog)
  await app.ready()
  t.equal(looks, 0, 'not before it listens')
  await app.listen({ host: '127.0.0.1', port: 0 })
  await done

  const found = lines.map(line => JSON.parse(line)).filter(line => line.finding !== undefined)
  t.match(found, [
    { level: 40, area: 'database', finding: 'role_superuser', severity: 'unsafe', msg: 'It is a superuser.', advice: 'Take another.' },
    { level: 40, area: 'redis', finding: 'not_examined', severity: 'unknown', msg: /it is away/ }
  ])
  t.equal(found.length, 2)
  t.equal(looks, 1)
})
