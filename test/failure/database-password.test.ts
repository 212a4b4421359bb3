import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { freePort } from '../../dev/services/ports.ts'
import { connect } from '../support/database.ts'
import { deploy, refresh, signIn, start } from '../support/helper.ts'
import type { Deployment, Tokens } from '../support/helper.ts'
import { until } from '../support/until.ts'
import { api, spawnNode } from './nodes.ts'

/** How many sessions are refreshed and used all the time. */
const clientsCount = 4

t.test('the password of the database is changed under traffic', async t => {
  const deployment = await deploy(t, { SHUTDOWN_TIMEOUT: '3s' })
  const owner = connect(t, deployment.DATABASE_DIRECT_URL, { max: 1 })
  const witness = await start(t, deployment)
  const sessions = await Promise.all(Array.from({ length: clientsCount }, () => signIn(witness)))
  const [first, second] = [await makeLogin(t, deployment), await makeLogin(t, deployment)]
  const ports = [await freePort(), await freePort()]
  const nodes = await Promise.all(ports.map(port => startAt(port, first.url)))
  const traffic = send(ports, sessions)
  t.teardown(traffic.stop)

  await t.test('by a second role and a rolling restart: no request is lost', async t => {
    await roll(second.url)
    await owner`drop role ${owner(first.name)}`
    const { answered, lost } = await traffic.next()

    t.ok(answered > 50, `${answered} requests were answered`)
    t.strictSame(lost, [])
    await t.rejects(startAt(await freePort(), first.url), /cannot start/, 'the old role is of no use any more')
  })

  await t.test('by alter role: open connections go on, new ones are refused until a node has the password', async t => {
    const password = randomBytes(12).toString('hex')
    const open = await connectionsOf(second.name)
    await owner.unsafe(`alter role ${second.name} password '${password}'`)
    await traffic.next()
    t.ok((await connectionsOf(second.name)).some(pid => open.includes(pid)), 'connections of before are in use')
    await t.rejects(startAt(await freePort(), second.url), /cannot start/)

    await roll(Object.assign(new URL(second.url), { password }).href)
    const { lost } = await traffic.next()
    t.strictSame(lost.filter(outcome => outcome !== '503'), [], 'a client was told to come again at most')
  })

  const newest = await traffic.stop()
  for (const token of newest) t.equal((await refresh(witness, token)).statusCode, 200, 'still signed in')
  t.equal((await owner`select from audit_events where event = 'authn_token_reuse'`).length, 0, 'and nobody looks like a thief')

  async function startAt (port: number, url: string) {
    return await spawnNode(t, { ...deployment, DATABASE_URL: url, PORT: String(port), LOG_LEVEL: 'warn' })
  }

  async function roll (url: string) {
    for (const [place, port] of ports.entries()) {
      process.kill(nodes[place]?.pid ?? 0, 'SIGTERM')
      t.equal(await nodes[place]?.exited, 0)
      nodes[place] = await startAt(port, url)
    }
  }

  async function connectionsOf (role: string) {
    return (await owner<{ pid: number }[]>`select pid from pg_stat_activity where usename = ${role}`).map(({ pid }) => pid)
  }
})

/** A login of this test's own, as the documentation makes one: roles belong to the whole cluster. */
async function makeLogin (t: Pick<Test, 'teardown'>, { DATABASE_URL: url, DATABASE_DIRECT_URL: directUrl }: Deployment) {
  const [name, password] = [`latchkey_app_${randomBytes(4).toString('hex')}`, randomBytes(12).toString('hex')]
  const owner = connect(t, directUrl, { max: 1 })
  await owner.unsafe(`create role ${name} login password '${password}' in role latchkey_runtime`)
  t.teardown(() => owner`drop role if exists ${owner(name)}`)
  return { name, url: Object.assign(new URL(url), { username: name, password }).href }
}

/** Refreshes sessions and uses them until it is stopped, at the first node that takes the request, as a proxy does. */
function send (ports: number[], sessions: Tokens[]) {
  const over = new AbortController()
  let seen = { answered: 0, lost: new Array<string>() }
  const clients = sessions.map(live)
  return { next, stop }

  /** What has become of the requests since the last call, after a few more. */
  async function next () {
    const before = seen.answered + seen.lost.length
    await until(() => seen.answered + seen.lost.length > before + 3 * clientsCount, 10_000)
    const result = seen
    seen = { answered: 0, lost: [] }
    return result
  }

  /** Returns the newest refresh token of each session. */
  async function stop () {
    over.abort()
    return await Promise.all(clients)
  }

  async function live ({ refresh_token: token, access_token: access }: Tokens, place: number) {
    for (let turn = place; !over.signal.aborted; turn++) {
      await ask(turn, '/auth/check', { headers: { authorization: `Bearer ${access}` } })
      const next = await ask(turn + 1, '/auth/refresh', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ refresh_token: token })
      })
      if (next?.status === 200) ({ refresh_token: token, access_token: access } = await next.json() as Tokens)
      await sleep(200)
    }
    return token
  }

  async function ask (turn: number, path: string, request: RequestInit) {
    let outcome = ''
    for (const offset of ports.keys()) {
      const port = ports[(turn + offset) % ports.length]
      // Each request has a connection of its own: a node that stops closes those that are kept open.
      const headers = { ...request.headers, connection: 'close' }
      const answer = await fetch(`http://127.0.0.1:${port}${api(path)}`, { ...request, headers }).catch((error: Error) => error)
      if (answer instanceof Response && answer.ok) {
        seen.answered++
        return answer
      }
      outcome = answer instanceof Response ? String(answer.status) : answer.message
    }
    seen.lost.push(outcome)
    return null
  }
}
