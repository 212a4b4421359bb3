import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Test } from 'tap'
import { program } from '../dev/processes/program.ts'
import { freePort } from '../dev/services/ports.ts'
import { deploy } from './support/helper.ts'
import { startStopwatch } from './support/stopwatch.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

t.test('a bad configuration ends with one message and no stack', async t => {
  const server = run(t, { NODE_ENV: 'production', PORT: 'x' })

  t.equal(await server.exit(), 1)
  t.match(server.errors(), /^Latchkey cannot start, \d settings are wrong:\n {2}PORT/)
  t.notMatch(server.errors(), / at .*\.ts/)
  t.equal(server.output(), '')
})

t.test('a bad configuration also ends a process to which its manager holds a channel', async t => {
  const child = spawn(process.execPath, program('server.ts'), { cwd: root, env: { PATH: process.env['PATH'], NODE_ENV: 'production' }, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  t.teardown(() => child.kill('SIGKILL'))
  t.strictSame(await once(child, 'exit'), [1, null])
})

t.test('the start logs what runs and shows no secret', async t => {
  const settings = await deploy(t, { OPERATIONS_TOKEN: 'canary-operations-token' })
  const server = await listening(t, settings)
  const lines = server.output().trim().split('\n').map(line => JSON.parse(line))

  t.match(lines[0], { msg: 'Latchkey starts', version: /^\d/, config: { postgres: { url: /postgres/ } } })
  t.ok(lines.some(({ msg }) => /database is at version \d/.test(msg)), 'migrations')
  t.ok(lines.some(({ postgres, redis }) => postgres?.pool?.max === 10 && redis === 'ready'), 'connections and pool')
  t.ok(lines.some(({ msg }) => /listening at http:\/\/127\.0\.0\.1:/.test(msg)), 'address')
  t.notMatch(server.output(), 'canary')
  t.notMatch(server.output(), settings.ENCRYPTION_KEY)
  t.notMatch(server.output(), new URL(settings.DATABASE_URL).password || 'no password')
})

t.test('a node at localhost has one server, however many addresses the name has', async t => {
  const server = await listening(t, { ...await deploy(t), HOST: 'localhost' }, ['--import', twoAddresses('127.0.0.2', '127.0.0.1')])

  t.equal((await fetch(`${server.url}/health/live`)).status, 200)
  const other = connect(server.port, '127.0.0.2')
  t.teardown(() => other.destroy())
  const outcome = await new Promise(resolve => { other.on('connect', () => resolve('connected')).on('error', resolve) })
  t.match(outcome, { code: 'ECONNREFUSED' }, 'Fastify would make a second server, without the bounds of the first')
})

t.test('a METRICS_PORT that is taken stops the start with a line that names it', async t => {
  const taken = createServer().listen(0, '127.0.0.1')
  t.teardown(() => taken.close())
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const server = run(t, { ...await deploy(t), HOST: '127.0.0.1', PORT: String(await freePort()), METRICS_PORT: String(port), LOG_LEVEL: 'info' })

  t.equal(await server.exit(), 1)
  t.match(server.output(), /Latchkey cannot start/)
  t.match(server.output(), /METRICS_PORT cannot be opened: .*address already in use/)
  t.notMatch(server.output(), /Server listening/, 'no request was taken by a node that ends')
})

for (const signal of ['SIGTERM', 'SIGINT', 'SIGUSR2'] as const) {
  t.test(`${signal} makes the node not ready at once, finishes requests in flight and exits with 0`, async t => {
    const server = await listening(t, await deploy(t))
    const slow = await beginRequest(server.port)

    server.kill(signal)
    t.equal(await eventually(async () => (await fetch(`${server.url}/health/ready`)).status, 503), 503)
    slow.write('{}')
    t.match(await slow.answer, /^HTTP\/1\.1 422 /, 'the request that was being sent is answered')
    t.equal(await server.exit(), 0)
    t.match(server.output(), 'Latchkey has stopped')
  })
}

t.test('a request that never finishes is cut off in the end', async t => {
  const server = await listening(t, await deploy(t, { SHUTDOWN_TIMEOUT: '300ms' }))
  const slow = await beginRequest(server.port)

  server.kill('SIGTERM')
  t.equal(await slow.answer, '')
  t.equal(await server.exit(), 0)
})

t.test('a connection on which nothing has come is closed, so that it does not keep a node from stopping', async t => {
  const server = await listening(t, await deploy(t))
  const unused = connect(server.port, '127.0.0.1')
  t.teardown(() => unused.destroy())
  await once(unused, 'connect')
  const slow = await beginRequest(server.port)

  server.kill('SIGTERM')
  await once(unused.resume(), 'close')
  slow.write('{}')
  t.match(await slow.answer, /^HTTP\/1\.1 422 /, 'long before a request that is being sent would be cut off')
  t.equal(await server.exit(), 0)
})

t.test('a second signal ends the server at once', async t => {
  const server = await listening(t, await deploy(t))
  const slow = await beginRequest(server.port)

  server.kill('SIGTERM')
  await server.says('Latchkey stops')
  server.kill('SIGTERM')
  t.equal(await server.exit(), 1)
  t.equal(await slow.answer, '')
})

for (const failure of ['throw new Error(String("unforeseen"))', 'Promise.reject(new Error(String("unforeseen")))']) {
  t.test(`${failure} is logged, drains the node and exits with 1`, async t => {
    const server = await listening(t, await deploy(t), ['--import', `data:text/javascript,process.on("SIGPWR",()=>setTimeout(()=>{${failure}}))`])
    const slow = await beginRequest(server.port)

    server.kill('SIGPWR')
    await server.says('unexpected error')
    slow.write('{}')
    t.match(await slow.answer, /^HTTP\/1\.1 422 /)
    t.equal(await server.exit(), 1)
    t.match(server.output(), /"level":"fatal".*unforeseen/)
  })
}

t.test('without its stores the server says so and exits with 1', async t => {
  const server = run(t, { ...await deploy(t), DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', PORT: '1024', LOG_LEVEL: 'info' })
  t.equal(await server.exit(), 1)
  t.match(server.output(), 'Latchkey cannot start')
})

t.test('SIGHUP is ignored', async t => {
  const server = await listening(t, await deploy(t))
  server.kill('SIGHUP')
  server.kill('SIGHUP')

  t.equal(await eventually(async () => (await fetch(`${server.url}/health/ready`)).status, 200), 200)
  server.kill('SIGTERM')
  t.equal(await server.exit(), 0)
})

// The exit code shows that the process has a handler. Without one the signal would end it, unless it is process 1 of a
// container: there the kernel drops signals that have no handler.
t.test('SIGTERM during the start ends the process', async t => {
  const silent = createServer().listen(0, '127.0.0.1')
  t.teardown(() => silent.close())
  await once(silent, 'listening')
  const url = `postgres://nobody@127.0.0.1:${(silent.address() as AddressInfo).port}/none`
  const server = run(t, { ...await deploy(t), DATABASE_URL: url, DATABASE_DIRECT_URL: url, DB_CONNECT_TIMEOUT: '30s', LOG_LEVEL: 'info' })
  await server.says('Latchkey starts')

  server.kill('SIGTERM')
  t.equal(await server.exit(), 0)
  t.notMatch(server.output(), 'listening')
})

t.test('a server starts and goes on while its log is on a full disk', async t => {
  const port = await freePort()
  const settings = { ...await deploy(t), HOST: '127.0.0.1', PORT: String(port), LOG_LEVEL: 'info', OPERATIONS_TOKEN: 'operations-token' }
  const server = run(t, settings, [], openSync('/dev/full', 'w'))
  const url = `http://127.0.0.1:${port}`

  const status = async () => (await fetch(`${url}/health/ready`).catch(() => null))?.status
  t.equal(await eventually(status, 200, 20_000), 200, server.errors())
  await fetch(`${url}/api/v1/auth/me`)
  t.ok(await eventually(async () => await linesLost(url) > 0, true), 'the lines that are missing are counted')
  server.kill('SIGTERM')
  t.equal(await server.exit(), 0)
})

t.test('a server goes on when the reader of its log is gone', async t => {
  const server = await listening(t, { ...await deploy(t), OPERATIONS_TOKEN: 'operations-token' })
  server.closeOutput()

  for (let line = 1; line <= 5; line++) {
    t.equal((await fetch(`${server.url}/api/v1/auth/me`)).status, 401)
    t.ok(await eventually(async () => await linesLost(server.url) >= line, true), 'its line is lost and counted')
  }
  server.kill('SIGTERM')
  t.equal(await server.exit(), 0)
})

t.test('each answer closes its connection from the first moment of draining', async t => {
  const server = await listening(t, await deploy(t))
  const slow = await beginRequest(server.port, 'keep-alive')
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  t.equal(await connectionOf('/health/live'), 'keep-alive')

  server.kill('SIGTERM')
  t.equal(await eventually(async () => (await fetch(`${server.url}/health/ready`)).status, 503), 503)
  t.equal(await connectionOf('/health/live'), 'close', 'on a connection that was open')
  t.equal(await connectionOf('/nothing'), 'close', 'on a new one')
  slow.write('{}')
  t.match(await slow.answer, /^HTTP\/1\.1 422 [^]*\r\nconnection: close\r\n/i, 'to a request that came before')
  t.equal(await server.exit(), 0)

  async function connectionOf (path: string) {
    const [response] = await once(request({ agent, host: '127.0.0.1', port: server.port, path }).end(), 'response')
    response.resume()
    await once(response, 'end')
    return response.headers.connection
  }
})

/** A program that gives the name `localhost` these addresses, as it has those of IPv4 and IPv6 on most machines. */
function twoAddresses (...addresses: string[]) {
  const found = JSON.stringify(addresses.map(address => ({ address, family: 4 })))
  return `data:text/javascript,${encodeURIComponent(`
    import dns from 'node:dns'
    const { lookup } = dns
    dns.lookup = (name, options, done = options) => {
      if (name !== 'localhost') return lookup(name, options, done)
      setImmediate(() => options.all ? done(null, ${found}) : done(null, '${addresses[0]}', 4))
    }`)}`
}

/** A server that answers on a port of its own. */
async function listening (t: Pick<Test, 'teardown'>, settings: Record<string, string>, flags: string[] = []) {
  const port = await freePort()
  const server = run(t, { HOST: '127.0.0.1', ...settings, PORT: String(port), LOG_LEVEL: 'info' }, flags)

  await server.says('Server listening')
  return { ...server, port, url: `http://127.0.0.1:${port}` }
}

function run (t: Pick<Test, 'teardown'>, env: Record<string, string>, flags: string[] = [], stdout: 'pipe' | number = 'pipe') {
  const child = spawn(process.execPath, [...flags, ...program('server.ts')], { cwd: root, env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', stdout, 'pipe'] })
  const ended = once(child, 'close')
  let output = ''
  let errors = ''

  child.stdout?.on('data', chunk => { output += chunk })
  child.stderr?.on('data', chunk => { errors += chunk })
  t.teardown(() => child.kill('SIGKILL'))

  return {
    output: () => output,
    errors: () => errors,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    exit: async () => (await ended)[0],
    closeOutput: () => { child.stdout?.destroy() },
    async says (text: string) {
      while (!output.includes(text)) {
        const [code] = await Promise.race([once(child.stdout ?? child, 'data'), ended])
        if (child.exitCode !== null) throw new Error(`It ended with ${code}: ${output}${errors}`)
      }
    }
  }
}

/** A request whose body is still to come. Its headers have arrived when the server asks for the body. */
async function beginRequest (port: number, connection = 'close') {
  const socket = connect(port, '127.0.0.1')
  let text = ''

  socket.on('data', chunk => { text += chunk })
  socket.on('error', () => {})
  socket.write(`POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: ${connection}\r\n\r\n`)
  while (!text.includes('100 Continue')) await once(socket, 'data')
  text = ''
  return { write: (body: string) => { socket.write(body) }, answer: once(socket, 'close').then(() => text) }
}

/** How many lines of its log a server has lost. */
async function linesLost (url: string) {
  const answer = await fetch(`${url}/metrics`, { headers: { authorization: 'Bearer operations-token' } })
  return Number(/^latchkey_log_lines_lost_total (\d+)/m.exec(await answer.text())?.[1] ?? 0)
}

async function eventually<T> (ask: () => Promise<T>, wanted: T, limitMs = 2000): Promise<T> {
  const passed = startStopwatch()
  let got = await ask()
  for (; got !== wanted && passed() < limitMs; got = await ask()) await sleep(10)
  return got
}
