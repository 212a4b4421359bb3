import { randomBytes } from 'node:crypto'
import t from 'tap'
import { brief, signed } from '../../support/accounts/people.ts'
import { signInAs } from '../../support/accounts/roles.ts'
import { as, deploy, start } from '../../support/helper.ts'
import { trail } from '../../support/trail/evidence.ts'

const deployment = await deploy(t)
const app = await start(t, deployment, { workers: false })
const operator = { ip: '127.0.0.1', userAgent: null, requestId: 'test' }
const chief = await signed(app, 'super_admin')

t.test('the key that signs and the one that waits are shown, with their times', async t => {
  const { keys, complete } = await list()
  const published = (await app.inject('/.well-known/jwks.json')).json().keys.map(({ kid }: { kid: string }) => kid)

  t.ok(complete)
  t.same(keys.map(({ kid }) => kid).sort(), published.sort())
  t.match(keys, [
    { alg: 'ES256', state: 'active', active_from: keys[0]?.created_at, retired_at: null, expires_at: null },
    { alg: 'ES256', state: 'next', retired_at: null, expires_at: null }
  ])
  const takesOverAt = app.keyring.turn?.rotatesAt ?? NaN
  t.equal(keys[1]?.active_from, new Date(takesOverAt).toISOString())
})

t.test('nothing of a private half is shown', async t => {
  const answer = await as(app, chief.access_token, 'GET', '/admin/keys')
  const rows = await app.database<{ privateKey: Buffer, mac: Buffer }>`select private_key, mac from signing_keys`

  for (const key of answer.json().keys) {
    t.strictSame(Object.keys(key), ['kid', 'alg', 'state', 'created_at', 'active_from', 'retired_at', 'expires_at'])
  }
  for (const { privateKey, mac } of rows) {
    for (const bytes of [privateKey, mac]) {
      for (const form of ['base64', 'base64url', 'hex'] as const) t.notMatch(answer.body, bytes.toString(form))
    }
  }
  t.match(answer.headers, { 'cache-control': 'no-store' })
})

t.test('a key that has been asked to stop says when, and a retired one until when it verifies', async t => {
  const { at, outcome } = await app.signingKeys.rotate(operator)
  const [active, next] = (await list()).keys
  t.equal(outcome, 'scheduled')
  t.match([active, next], [{ state: 'active', retired_at: new Date(at).toISOString() }, { state: 'next', active_from: new Date(at).toISOString() }])

  app.clock.advance(at - app.clock.now())
  await app.keyring.maintain()
  const { keys } = await list(await signed(app, 'super_admin'))
  t.match(keys.map(({ kid, state }) => ({ kid, state })), [{ kid: active?.kid, state: 'retired' }, { kid: next?.kid, state: 'active' }, { state: 'next' }])
  t.ok(Date.parse(keys[0]?.expires_at ?? '') > Date.parse(keys[0]?.retired_at ?? ''))
})

t.test('a node says that it does not see the keys under an ENCRYPTION_KEY which it lacks', async t => {
  const { database } = app
  await database`update signing_keys set mac = ${randomBytes(36)} where status = 'retired'`
  await app.keyring.reload()

  const { keys, complete } = await list(await signed(app, 'super_admin'))
  t.notOk(complete)
  t.same(keys.map(({ state }) => state), ['active', 'next'])
})

t.test('only callers who may change roles see keys', async t => {
  for (const role of ['admin', 'accountant', 'user']) {
    const { access_token: token, user } = await signInAs(app, role)
    t.same(brief(await as(app, token, 'GET', '/admin/keys')), { status: 403, code: 'forbidden' }, role)
    t.match((await trail(app)).filter(({ actorId }) => actorId === user.id).at(-1), { event: 'authz_fail', reason: 'roles:write' })
  }
  t.match(brief(await app.inject('/api/v1/admin/keys')), { status: 401 })
})

interface Key {
  kid: string
  state: string
  created_at: string
  active_from: string | null
  retired_at: string | null
  expires_at: string | null
}

async function list (who: { access_token: string } = chief): Promise<{ keys: Key[], complete: boolean }> {
  return (await as(app, who.access_token, 'GET', '/admin/keys')).json()
}
