import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import { run } from '../support/command.ts'
import { leavingNothingOpen } from '../support/left-open.ts'

t.test('a command changes nothing of the process that it runs in', async t => {
  const before = look()
  t.match(await run({}, ['nonsense']), { code: 2, stdout: '', stderr: /There is no command "nonsense"/ })
  t.match(await run({}, ['--help']), { code: 0, stdout: /^Usage: latchkey COMMAND/, stderr: '' })
  t.match(await run({ NODE_ENV: 'test' }, ['migrate']), { code: 1, stdout: '', stderr: /DATABASE_URL/ })

  t.strictSame(look(), before)
})

t.test('what a command would leave open is found, and what it closes is not', async t => {
  const port = await listen(t)
  const noTime = { closingMaxMs: 0 }
  const socket = await leavingNothingOpen(async () => connect(port, '127.0.0.1').destroy())
  t.equal(socket.destroyed, true)
  await leavingNothingOpen(async () => { setInterval(() => {}, 60_000).unref() })

  await t.rejects(leavingNothingOpen(async () => {
    const left = connect(port, '127.0.0.1')
    t.teardown(() => left.destroy())
  }, noTime), { message: 'This was left open: TCPWRAP' })
  await t.rejects(leavingNothingOpen(async () => {
    const left = setInterval(() => {}, 60_000)
    t.teardown(() => clearInterval(left))
  }, noTime), { message: 'This was left open: Timeout' })
})

function look () {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'exit', 'uncaughtException', 'unhandledRejection']
  return {
    exitCode: process.exitCode,
    listeners: signals.map(name => process.listenerCount(name)),
    env: { ...process.env }
  }
}

/** A server that accepts connections. */
async function listen (t: Test) {
  const server = createServer(() => {}).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
