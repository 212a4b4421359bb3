import t from 'tap'
import type { Test } from 'tap'
import { pino } from 'pino'
import { beginWork, endWork, runWork } from '../../../lib/context/work.ts'
import { loggerOptions } from '../../../lib/operations/logger.ts'
import { buildHttp } from '../../support/http.ts'

t.test('no secret is logged, at any depth', async t => {
  const lines: string[] = []
  const log = pino(loggerOptions({ level: 'info', pretty: false }), { write: line => { lines.push(line) } })
  const names = ['authorization', 'Authorization', 'cookie', 'set-cookie', 'password', 'new_password', 'currentPassword', 'password_hash', 'token', 'access_token', 'refresh_token', 'device_token', 'refreshToken', 'code', 'verification_code', 'client_secret', 'x-api-key']

  for (const name of names) log.info({ [name]: 'canary', headers: { [name]: 'canary' }, req_body: { deep: { deeper: { [name]: ['canary'] } } } }, 'event')
  t.notMatch(lines.join(''), 'canary')
  t.equal(lines.length, names.length)
  log.info({ user_id: 'kept', status: 200, accessTokenTtl: 900 }, 'event')
  t.match(lines.at(-1), /"user_id":"kept".*"status":200.*900/)
})

t.test('one event is one valid line, whatever a caller sends', async t => {
  const { app, lines } = await buildHttp(t, app => { app.get('/', async () => 'ok') }, { level: 'info' })
  const agents = ['\u001b[31mred', '"},{"x":"y', '\u2028\u2029'.normalize(), '\u0085\u009b31m', '\\u0000', '{}', "';--", '\u007f']

  for (const agent of agents) await app.inject({ url: '/?token=canary', headers: { 'user-agent': agent } })
  for (const url of ['/%0d%0aSet-Cookie:x', '/%1b[31m', '/\u2028', '/"\\']) await app.inject(url)

  // eslint-disable-next-line no-control-regex
  t.notMatch(lines.join('').replaceAll('\n', ''), /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/, 'no control character gets through')
  for (const line of lines) {
    t.match(line, /^\{.*\}\n$/)
    t.match(JSON.parse(line), { level: /\w/, time: /Z$/, msg: /./ })
  }
  const requests = lines.map(line => JSON.parse(line)).filter(({ req }) => req)
  t.equal(requests.length, agents.length + 4)
  t.match(requests[1].req, { user_agent: '"},{"x":"y' })
  t.notMatch(lines.join(''), 'canary', 'the query string is not logged')
})

t.test('a line names its request, and health probes leave none', async t => {
  const { app, lines } = await buildHttp(t, app => {
    app.get('/', async () => 'ok')
    app.get('/health/live', async ({ log }) => { log.warn('something odd') })
  }, { level: 'info' })

  await app.inject({ url: '/', headers: { 'x-request-id': 'mine' } })
  const [line, ...others] = lines.map(line => JSON.parse(line)).filter(line => line.request_id === 'mine')
  t.match(line, { msg: 'request completed', req: { method: 'GET', url: '/', ip: '127.0.0.1' }, res: { statusCode: 200 }, responseTime: Number })
  t.same(others, [], 'one line is enough')
  lines.length = 0
  await app.inject('/health/live')
  t.equal(lines.length, 1, 'save what went wrong')
})

t.test('a line of the server names the request that it was written for, until that is over', async t => {
  const lines: string[] = []
  const log = pino(loggerOptions({ level: 'info', pretty: false }), { write: line => { lines.push(line) } })
  const ids = { request_id: 'mine', trace_id: 'ours' }
  const work = beginWork({ log: ids })
  const [, later] = runWork(work, null, () => [log.info('now'), new Promise(resolve => { setImmediate(resolve) }).then(() => log.info('later'))])

  log.info('of the node')
  endWork(work)
  await later
  t.match(lines.map(line => JSON.parse(line)), [{ msg: 'now', ...ids }, { msg: 'of the node', request_id: undefined }, { msg: 'later', request_id: undefined }])
  t.strictSame(ids, { request_id: 'mine', trace_id: 'ours' }, 'the fields of a line are not kept for the next')
})

t.test('a line of a request names it once', async t => {
  const { app, lines } = await buildHttp(t, app => {
    app.get('/', async request => runWork(beginWork({ log: { request_id: request.id } }), null, () => {
      request.log.info('of the request')
      app.log.info('of the server')
    }))
  }, { level: 'info' })

  await app.inject({ url: '/', headers: { 'x-request-id': 'mine' } })
  t.strictSame(lines.filter(line => line.includes('"msg":"of the')).map(line => line.split('"request_id":"mine"').length - 1), [1, 1])
})

t.test('pretty lines are for development, and production does not need their library', async t => {
  t.ok(loggerOptions({ level: 'info', pretty: true }).transport)
  t.notOk(loggerOptions({ level: 'info', pretty: false }).transport)
  await quiet(t)
})

async function quiet (t: Pick<Test, 'teardown' | 'equal'>) {
  const { lines, app } = await buildHttp(t, app => { app.get('/health', async ({ log }) => { log.warn('odd') }) })
  await app.inject('/')
  await app.inject('/health')
  t.equal(lines.length, 0, 'silent is silent')
}
