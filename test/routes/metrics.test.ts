import t from 'tap'
import { build, signIn } from '../support/helper.ts'

const token = 'an-operations-token'

t.test('metrics need the operations token', async t => {
  const app = await build(t, { OPERATIONS_TOKEN: token })
  const session = await signIn(app)
  const answer = await app.inject({ url: '/metrics', headers: { authorization: `Bearer ${token}` } })

  t.match(answer, { statusCode: 200, headers: { 'content-type': /^text\/plain/, 'cache-control': 'no-store' } })
  for (const name of ['process_cpu_seconds_total', 'http_request_duration_seconds_bucket', 'latchkey_sign_ins_total{outcome="success"} 1', 'latchkey_hashes_queued 0', 'latchkey_database_pool_max 10', 'latchkey_redis_up 1', 'latchkey_ready 1']) t.match(answer.body, name)

  const strangers: [string | undefined, string][] = [[undefined, 'unauthenticated'], ['Bearer wrong', 'invalid_token'], [`Bearer ${token}x`, 'invalid_token'], [`Basic ${token}`, 'invalid_token'], [token, 'invalid_token'], [`Bearer ${session.access_token}`, 'invalid_token'], ['Bearer', 'invalid_token']]
  for (const [authorization, code] of strangers) {
    const refused = await app.inject({ url: '/metrics', headers: authorization === undefined ? {} : { authorization } })
    t.match(refused, { statusCode: 401, headers: { 'www-authenticate': /^Bearer/ } }, code)
    t.match(refused.json(), { code })
  }
})

t.test('without an operations token in the settings the route does not exist', async t => {
  const app = await build(t)
  for (const authorization of ['', 'Bearer ', 'Bearer x']) t.match(await app.inject({ url: '/metrics', headers: { authorization } }), { statusCode: 404 })
})

t.test('while the token is rotated the old one and the new one open, and nothing between them', async t => {
  const [old, next] = [token, 'the-next-operations-token']
  const app = await build(t, { OPERATIONS_TOKEN: `${old},${next}` })
  const statusFor = async (bearer: string) => (await app.inject({ url: '/metrics', headers: { authorization: `Bearer ${bearer}` } })).statusCode

  t.strictSame([await statusFor(old), await statusFor(next)], [200, 200])
  for (const wrong of [`${old},${next}`, ',', `${old},`]) t.equal(await statusFor(wrong), 401)
})
