import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { createHashThreads } from '../../../lib/passwords/hash-threads.ts'

const path = join(mkdtempSync(join(tmpdir(), 'latchkey-threads-')), 'work.cjs')
writeFileSync(path, `
  const { threadId } = require('node:worker_threads')
  exports.double = number => 2 * number
  exports.refuse = () => { throw new TypeError('not that') }
  exports.spin = milliseconds => { for (const end = Date.now() + milliseconds; Date.now() < end;); return threadId }
  exports.die = () => process.exit(3)`)

t.test('a function runs in another thread and returns, or throws', async t => {
  const { call } = start(t)
  t.equal(await call('work', 'double', [21]), 42)
  await t.rejects(call('work', 'refuse', []), { message: 'not that' })
  t.equal(await call('work', 'double', [1]), 2, 'and the thread goes on')
})

t.test('functions may come from several modules', async t => {
  const { call } = start(t, 1)
  t.equal(await call('work', 'double', [2]), 4)
  t.equal(Buffer.from(await call('crypto', 'pbkdf2Sync', ['password', 'salt', 1, 20, 'sha1']) as Uint8Array).toString('hex'), '0c60c80f961f0e71f3a9b524af6012062fe037a6', 'RFC 6070')
  await t.rejects(call('crypto', 'nonsense', []), { message: /not a function/ })
})

t.test('the event loop continues meanwhile, and no more threads start than allowed', async t => {
  const { call } = start(t)
  let turns = 0
  const counter = setInterval(() => { turns++ }, 1)
  const threads = await Promise.all(Array.from({ length: 8 }, () => call('work', 'spin', [20])))
  clearInterval(counter)

  t.ok(turns > 3)
  t.equal(new Set(threads).size, 2)
})

t.test('a thread that dies fails its calls and is replaced at the next call', async t => {
  const { call } = start(t, 1)
  await t.rejects(Promise.all([call('work', 'die', []), call('work', 'double', [1])]), { code: 'unavailable', cause: { message: /has ended/ } })
  t.equal(await call('work', 'double', [2]), 4)
})

t.test('closing the pool settles every waiting call', async t => {
  const { call, close } = start(t, 1)
  const spinning = call('work', 'spin', [60_000])
  await Promise.all([t.rejects(spinning, { code: 'unavailable', cause: { message: /has ended/ } }), close()])
})

t.test('a call after the pool is closed is refused and starts no thread', async t => {
  const { call, close } = start(t, 1)
  await close()
  await t.rejects(call('work', 'double', [1]), { code: 'unavailable' })
})

t.test('a call whose thread ends is unavailable: it says nothing about its values', async t => {
  const { call } = start(t, 1)
  await t.rejects(call('work', 'die', []), { code: 'unavailable' })
})

t.test('its threads have a lower priority than the event loop', { skip: process.platform === 'linux' ? false : 'threads have no priority of their own here' }, async t => {
  const before = niceOf(String(process.pid))
  const { call } = start(t, 1)
  await call('work', 'double', [1])
  t.equal(niceness().filter(nice => nice === 10).length, 1)
  t.equal(niceOf(String(process.pid)), before, 'the main thread is as it was')
})

function start (t: { teardown: (work: () => unknown) => void }, count = 2) {
  const threads = createHashThreads({ modules: { work: path, crypto: 'node:crypto' }, count })
  t.teardown(threads.close)
  return threads
}

function niceness () {
  return readdirSync('/proc/self/task').map(niceOf)
}

/** The nineteenth field (nice) of a thread's stat; the second one may contain blanks, but not its closing bracket. */
function niceOf (thread: string) {
  return Number(readFileSync(`/proc/self/task/${thread}/stat`, 'utf8').split(') ')[1]?.split(' ')[16])
}
