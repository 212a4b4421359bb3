import t from 'tap'
import type { Test } from 'tap'
import { createClock } from '../../lib/clock.ts'
import { as, deploy, password, refresh, signIn, signUp, start } from '../support/helper.ts'
import type { Tokens } from '../support/helper.ts'
import { until } from '../support/until.ts'
import { api, check, outcomeOf, spawnNode, timed } from './nodes.ts'

const entry = 'test/failure/node.ts'

interface Case {
  name: string
  diesAt: 'publish' | 'wake'
  /** The request during which the node dies; `own` is the session that sends it. */
  act (node: Spawned, own: Tokens, others: Tokens[]): Promise<unknown>
  /** The reason why each session is over: the one that asked and the user's two others; null where it is not over. */
  reasons: [string | null, string | null, string | null]
  /** The reason why a user who has nothing to do with it is signed out as well, if so. */
  stranger?: string
}

const cases: Case[] = [
  {
    name: 'a logout',
    diesAt: 'publish',
    act: (node, own) => node.send('POST', api('/auth/logout'), { token: own.access_token }),
    reasons: ['signed_out', null, null]
  },
  {
    name: 'the end of another session',
    diesAt: 'wake',
    act: (node, own, [other]) => node.send('DELETE', api(`/auth/sessions/${other?.session.id}`), { token: own.access_token }),
    reasons: [null, 'revoked_by_user', null]
  },
  {
    name: 'a sign-out of the others',
    diesAt: 'publish',
    act: (node, own) => node.send('POST', api('/auth/logout'), { token: own.access_token, body: { scope: 'others' } }),
    reasons: [null, 'revoked_by_user', 'revoked_by_user']
  },
  {
    name: 'a sign-out everywhere',
    diesAt: 'wake',
    act: (node, own) => node.send('POST', api('/auth/logout'), { token: own.access_token, body: { scope: 'everywhere' } }),
    reasons: ['signed_out', 'revoked_by_user', 'revoked_by_user']
  },
  {
    name: 'a change of password',
    diesAt: 'publish',
    act: (node, own) => node.send('POST', `/test/change-password/${own.session.id}`, { body: { current: password, next: 'another walk over dry stones' } }),
    reasons: [null, 'password_changed', 'password_changed']
  },
  {
    name: 'disabling the account',
    diesAt: 'publish',
    act: (node, own) => node.send('POST', `/test/disable/${own.user.id}`),
    reasons: ['account_disabled', 'account_disabled', 'account_disabled']
  },
  {
    name: 'a sign-out of everybody',
    diesAt: 'wake',
    act: node => node.send('POST', '/test/sign-out-everyone'),
    reasons: ['everyone_signed_out', 'everyone_signed_out', 'everyone_signed_out'],
    stranger: 'everyone_signed_out'
  }
]

t.test('a node that dies after the commit, before anybody is notified, leaves no ended session alive', async t => {
  const deployment = await deploy(t)
  const nodes = [await start(t, deployment), await start(t, deployment)] as const
  const [first, second] = nodes
  // Two nodes ahead, because a start takes a while.
  const doomed: Promise<Spawned>[] = []
  const spawnUpTo = (place: number) => {
    for (const { diesAt } of cases.slice(doomed.length, place + 1)) {
      doomed.push(spawnNode(t, { ...deployment, DIES_AT: diesAt }, entry))
    }
  }

  for (const [place, { name, diesAt, act, reasons, stranger }] of cases.entries()) {
    await t.test(`${name} (${diesAt})`, async t => {
      spawnUpTo(place + 2)
      const ada = await signUp(first)
      const sessions = [await signIn(first, ada), await signIn(second, ada), await signIn(first, ada)] as const
      const [own, ...others] = sessions
      const bob = await signIn(second)

      const node = await doomed[place]
      if (!node) throw new Error('no node')
      t.equal(await act(node, own, others), null, 'the node hangs up')
      t.equal(await node.exited, 137, 'and is dead')

      const times = await Promise.all(nodes.map(node => until(async () => await isRefused(node, sessions, reasons) && outcomeOf(await check(node, bob.access_token)) === (stranger ? `401 session_ended ${stranger}` : '204'), 1500)))
      for (const took of times) t.ok(took < 1000, `another node refuses after ${took} ms`)
      t.comment(`refused after ${times.join(' and ')} ms`)

      for (const node of nodes) {
        for (const [at, tokens] of sessions.entries()) await judge(t, node, tokens, reasons[at] ?? null, name)
        t.equal(outcomeOf(await refresh(node, bob.refresh_token)), stranger ? `401 session_ended ${stranger}` : '200', 'a stranger')
      }
    })
  }
})

t.test('a node that dies before it can end a replayed session’s access tokens elsewhere', async t => {
  const deployment = await deploy(t, { REFRESH_GRACE: '0s', REFRESH_RESUME: 'false' })
  const clock = createClock()
  const nodes = [await start(t, deployment, { clock }), await start(t, deployment, { clock })] as const
  const doomed = await spawnNode(t, { ...deployment, DIES_AT: 'publish' }, entry)
  const ada = await signIn(nodes[0])
  const next = (await refresh(nodes[1], ada.refresh_token)).json() as Tokens

  t.equal(await doomed.send('POST', api('/auth/refresh'), { body: { refresh_token: ada.refresh_token } }), null)
  for (const node of nodes) {
    t.ok(await until(async () => outcomeOf(await check(node, next.access_token)) === '401 session_ended reuse_detected', 1500) < 1000)
    t.equal(outcomeOf(await refresh(node, next.refresh_token)), '401 session_ended reuse_detected')
  }
  const told = await nodes[0].database<{ data: { kind: string } }>`select data from jobs where data ->> 'sessionId' = ${ada.session.id}`
  const audited = await nodes[0].database`select from audit_events where event = 'authn_token_reuse' and session_id = ${ada.session.id}`
  t.equal(audited.length, 1, 'audited once')
  t.ok(told.length <= 1, 'one mail at most still waits')
})

t.test('a node that dies before its commit has ended nothing', async t => {
  const deployment = await deploy(t)
  const first = await start(t, deployment)
  const ada = await signIn(first)
  const node = await spawnNode(t, deployment, entry)
  const lock = await holdUser(first, ada.user.id)
  const asked = node.send('POST', api('/auth/logout'), { token: ada.access_token, body: { scope: 'everywhere' } })

  await until(async () => (await first.database`select from pg_locks where not granted`).length > 0)
  process.kill(node.pid, 'SIGKILL')
  t.equal(await asked, null)
  await lock()
  const { answer, took } = await timed(() => refresh(first, ada.refresh_token))
  t.equal(outcomeOf(answer), '200')
  t.ok(took < 1000)
  t.match(await check(first, ada.access_token), { statusCode: 204 })
  t.match(await as(first, ada.access_token, 'GET', '/auth/me'), { statusCode: 200 })
})

type Node = Awaited<ReturnType<typeof start>>
type Spawned = Awaited<ReturnType<typeof spawnNode>>

async function isRefused (node: Node, sessions: readonly Tokens[], reasons: Case['reasons']) {
  const answers = await Promise.all(sessions.map(tokens => check(node, tokens.access_token)))
  return answers.every((answer, at) => reasons[at] ? outcomeOf(answer) === `401 session_ended ${reasons[at]}` : true)
}

async function judge (
  t: Test,
  node: Node,
  { access_token: access, refresh_token: token }: Tokens,
  reason: string | null,
  name: string
) {
  if (reason) {
    t.equal(outcomeOf(await check(node, access)), `401 session_ended ${reason}`)
    t.equal(outcomeOf(await refresh(node, token)), `401 session_ended ${reason}`)
  } else {
    const next = await refresh(node, token)
    t.equal(outcomeOf(next), '200', `who outlives ${name} goes on`)
    t.match(await check(node, next.json().access_token), { statusCode: 204 })
  }
}

/** Holds the lock of a user's row until the returned function is called. */
async function holdUser (node: Node, userId: string) {
  let release = () => {}
  let held = () => {}
  const released = new Promise<void>(resolve => { release = resolve })
  const isHeld = new Promise<void>(resolve => { held = resolve })
  const done = node.database.begin(async tx => {
    await tx`select from users where id = ${userId} for update`
    held()
    await released
  }).catch(() => {})
  await isHeld
  return async () => { release(); await done }
}
