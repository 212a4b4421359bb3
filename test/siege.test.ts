import t from 'tap'
import type { Hasher } from '../lib/passwords/passwords.ts'
import { collectGarbage } from './support/garbage.ts'
import { cheapHasher } from './support/hashers.ts'
import { as, deploy, freshAddress, password, post, refresh, signIn, signUp, start } from './support/helper.ts'
import { tapWires } from './support/statements/wiretap.ts'
import { until } from './support/until.ts'

// No request gives up waiting during these tests, however slow the machine is; the deadline has a test in
// lib/passwords/hash-scheduler.test.ts.
const { setTimeout: schedule } = globalThis
const longTimeout = (work: () => void, delay?: number) => schedule(work, delay === 3000 ? 100_000 : delay)
globalThis.setTimeout = Object.assign(longTimeout, schedule)

const waiting = 10
const settings = { HASH_CONCURRENCY: '2', HASH_QUEUE_MAX: `${2 * waiting}` }

/** How long (ms) a flood may take until all of it has arrived. */
const floodMs = 20_000

t.test('of 500 strangers who sign in at once a few are let in, and the others are told to retry', async t => {
  const { app, hasher } = await besiege(t)
  const answers = await Promise.all(Array.from({ length: 500 }, async (_, n) => {
    const answer = await attempt(app, n)
    // The accepted passwords are checked only after everybody else has been answered.
    if (++hasher.answered === 500 - 2 - waiting) hasher.open()
    return answer
  }))

  const refused = answers.filter(({ statusCode }) => statusCode === 503)
  t.equal(refused.length, 500 - 2 - waiting)
  for (const answer of refused) t.match(answer, { headers: { 'retry-after': /^[1-9]\d*$/ } })
  t.equal(answers.filter(({ statusCode }) => statusCode === 401).length, 2 + waiting)
  t.equal(hasher.begun.length, 2 + waiting, 'exactly the accepted passwords are checked')
  t.equal(hasher.maxRunning, 2, 'no more at once than there are cores for')
  t.match(app.passwords.stats(), { running: 0, queued: { known: 0, stranger: 0 } })

  const rows = await app.database`select event from audit_events where event = 'authn_login_fail'`
  t.equal(rows.length, 2 + waiting, 'who was not looked at has left nothing')
})

t.test('a refusal costs nothing: no store is asked, no row written, no memory kept', async t => {
  const { app, hasher, tap, strangers } = await besiege(t, { isFull: true })
  tap.take()

  const heaps: number[] = []
  for (let n = 0; n < 9; n++) {
    await wave(t, app)
    heaps.push(heap())
  }
  t.ok(Number(heaps.at(-1)) - Number(heaps[2]) < 2_000_000, `memory stays as it is: ${heaps.join(', ')}`)

  t.same(tap.take(), { statements: [], commands: [] })
  t.match(app.passwords.stats(), { running: 2, queued: { known: 0, stranger: waiting } })
  hasher.open()
  for (const answer of await Promise.all(strangers)) t.equal(answer.statusCode, 401)
})

t.test('signed-in users notice nothing of the siege', async t => {
  const { app, hasher, ada, strangers } = await besiege(t, { isFull: true })

  t.match(await app.inject('/health/live'), { statusCode: 200 })
  t.match(await as(app, ada.access_token, 'GET', '/auth/check'), { statusCode: 204 })
  t.match(await as(app, ada.access_token, 'GET', '/auth/me'), { statusCode: 200 })
  t.match(await as(app, ada.access_token, 'PATCH', '/auth/me', { full_name: 'Ada Lovelace' }), { statusCode: 200 })
  let { refresh_token: token } = ada
  for (let n = 0; n < 5; n++) {
    const answer = await refresh(app, token)
    t.equal(answer.statusCode, 200)
    token = answer.json().refresh_token
  }
  t.match(await as(app, ada.access_token, 'POST', '/auth/logout'), { statusCode: 204 })
  t.equal(hasher.begun.length, 2, 'and none of it needed a hash')

  hasher.open()
  await Promise.all(strangers)
})

t.test('known devices and sessions go before the waiting strangers', async t => {
  const { app, hasher, ada, strangers } = await besiege(t, { isFull: true })
  const bySession = as(app, ada.access_token, 'POST', '/auth/reauthenticate', { password })
  await queued(app, 1)
  const byDevice = post(app, '/auth/login', { email: ada.user.email, password, device_token: ada.device_token })
  await queued(app, 2)
  t.match(await attempt(app, 999), { statusCode: 503 }, 'a stranger has no place any more')

  hasher.finishOne()
  hasher.finishOne()
  await until(() => hasher.begun.length === 4, floodMs)
  t.same(hasher.begun.slice(2), [password, password], 'the next two places are theirs')
  hasher.open()
  t.match(await bySession, { statusCode: 200 })
  t.match(await byDevice, { statusCode: 200 })
  for (const answer of await Promise.all(strangers)) t.equal(answer.statusCode, 401, 'and the strangers are served after them')
})

t.test('one account with right passwords in all its sessions keeps no known device out', async t => {
  const { app, hasher, ada } = await besiege(t)
  hasher.open()
  const mallory = await signUp(app)
  const sessions = await Promise.all(Array.from({ length: 39 }, () => signIn(app, mallory)))
  hasher.shut()
  hasher.begun.length = 0

  let answered = 0
  const proofs = Array.from({ length: 120 }, (_, n) => {
    const proof = as(app, sessions[n % 39]?.access_token ?? '', 'POST', '/auth/reauthenticate', { password })
    proof.then(() => answered++)
    return proof
  })
  await until(() => answered === 120 - 2 - 15, floodMs)
  t.match(app.passwords.stats(), { running: 2, queued: { known: 15 } }, 'they have every place of known callers')

  const own = { email: ada.user.email, password: 'this is what Ada enters', device_token: ada.device_token }
  const logins = Array.from({ length: 5 }, () => post(app, '/auth/login', own))
  await until(() => answered === 120 - 2 - 10, floodMs)
  for (let n = 0; n < 4; n++) {
    hasher.finishOne()
    await until(() => hasher.begun.length === 3 + n, floodMs)
  }
  t.equal(hasher.begun.slice(2).filter(given => given === own.password).length, 2, 'every second turn is hers')

  hasher.open()
  for (const answer of await Promise.all(logins)) t.equal(answer.statusCode, 401, 'her passwords have been looked at')
  t.same(new Set((await Promise.all(proofs)).map(({ statusCode }) => statusCode)), new Set([200, 503]))
})

t.test('a registration in the middle of the siege is told to retry, too', async t => {
  const { app, hasher, tap, strangers } = await besiege(t, { isFull: true })
  tap.take()
  t.match(await post(app, '/auth/register', { email: freshAddress(), password, full_name: 'Ada King' }), { statusCode: 503, headers: { 'retry-after': /^[1-9]/ } })
  t.same(tap.take(), { statements: [], commands: [] })
  hasher.open()
  await Promise.all(strangers)
})

/**
 * A node with a signed-in user, whose hashes do not end before they are told to; `isFull`: with as many waiting
 * strangers as allowed.
 */
async function besiege (t: Parameters<typeof start>[0], { isFull = false } = {}) {
  const { tap, deployment } = await tapWires(t, await deploy(t, settings))
  const hasher = heldHasher()
  const app = await start(t, deployment, { workers: false, hasher })
  const ada = await signIn(app)
  hasher.shut()

  const strangers = isFull ? Array.from({ length: 2 + waiting }, (_, n) => attempt(app, n)) : []
  if (isFull) await until(() => hasher.begun.length === 2 && app.passwords.stats().queued.stranger === waiting, floodMs)
  return { app, ada, hasher, tap, strangers }
}

/** A hasher that can be shut: then nothing that begins ends before it is opened or told to finish. */
function heldHasher (): Hasher & {
  begun: string[],
  maxRunning: number,
  answered: number,
  shut (): void,
  open (): void,
  finishOne (): void
} {
  const held: (() => void)[] = []
  let isShut = false
  let running = 0

  const siege = {
    /** The passwords that have been checked since it was shut. */
    begun: [] as string[],
    maxRunning: 0,
    answered: 0,
    shut () { isShut = true },
    open () {
      isShut = false
      for (const finish of held.splice(0)) finish()
    },
    finishOne () { held.shift()?.() },
    hash: cheapHasher.hash,
    async verify (stored: string, given: Buffer) {
      siege.maxRunning = Math.max(siege.maxRunning, ++running)
      if (isShut || siege.begun.length > 0) siege.begun.push(given.toString())
      if (isShut) await new Promise<void>(resolve => { held.push(resolve) })
      running--
      return await cheapHasher.verify(stored, given)
    }
  }
  return siege
}

/** Five hundred strangers who are all refused. */
async function wave (t: { equal (found: unknown, wanted: unknown): unknown }, app: Parameters<typeof post>[0]) {
  const answers = await Promise.all(Array.from({ length: 500 }, (_, n) => attempt(app, n)))
  t.equal(answers.filter(({ statusCode, headers }) => statusCode === 503 && headers['retry-after']).length, 500)
}

async function attempt (app: Parameters<typeof post>[0], n: number) {
  return await post(app, '/auth/login', { email: freshAddress(), password: `a stranger’s guess, number ${n}` })
}

async function queued (app: Awaited<ReturnType<typeof start>>, known: number) {
  await until(() => app.passwords.stats().queued.known === known, floodMs)
}

function heap (): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}
