import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectPlain } from 'node:net'
import { join, resolve } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { freePort } from './ports.ts'
import { type PrivateServer, startPrivateServer } from './private-server.ts'
import { findRedis } from './redis-binary.ts'
import { readOrMakeSecret } from './secret.ts'

export interface RedisOptions {
  /** A folder for this server alone. */
  dataDir: string
  /** True: an append-only file, flushed every second. False: nothing is written to disk. */
  durable: boolean
  port?: number
  /** Default: random, kept in the data folder. Nodes of one cluster share one. */
  password?: string
  /** Lines of redis.conf, such as `['cluster-enabled yes']`. */
  config?: string[]
  /** More of the command line, such as `['--sentinel']`. */
  args?: string[]
  /** Certificate and key in PEM; the port then speaks TLS only. */
  tls?: { cert: string, key: string }
}

export interface RedisServer extends PrivateServer {
  readonly port: number
  readonly password: string
  readonly redisUrl: string
  /** The path of redis-cli beside this server, and the environment it needs. */
  readonly cli: string
  readonly env: NodeJS.ProcessEnv
}

/** Starts a private Redis on loopback. */
export async function startRedis (options: RedisOptions): Promise<RedisServer> {
  const { durable, config = [], args = [], tls } = options
  const { server: program, cli, env } = await findRedis()
  const dataDir = resolve(options.dataDir)
  const log = join(dataDir, 'redis.log')
  const file = join(dataDir, 'redis.conf')
  const port = options.port ?? await freePort()

  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const password = options.password ?? readOrMakeSecret(join(dataDir, 'password'))
  rmSync(log, { force: true })
  const lines = [...basics(), ...(tls === undefined ? [`port ${port}`] : listenTls(tls)), ...config, '']
  // The password is in a file, because every user of the machine can read a command line.
  writeFileSync(file, lines.join('\n'), { mode: 0o600 })

  const server = await startPrivateServer({
    name: 'Redis',
    command: [program, file, ...args],
    env,
    cwd: dataDir,
    stopSignal: 'TERM',
    log,
    answers: async () => await answers(port, password, tls !== undefined)
  })
  const scheme = tls === undefined ? 'redis' : 'rediss'
  return Object.assign(server, { port, password, cli, env, redisUrl: `${scheme}://:${password}@127.0.0.1:${port}` })

  function basics () {
    return [
      'bind 127.0.0.1',
      'daemonize no',
      `requirepass ${password}`,
      `masterauth ${password}`,
      `dir "${dataDir}"`,
      ...(durable ? ['appendonly yes', 'appendfsync everysec'] : ['appendonly no', 'save ""'])
    ]
  }

  function listenTls ({ cert, key }: { cert: string, key: string }) {
    writeFileSync(join(dataDir, 'tls.crt'), cert)
    writeFileSync(join(dataDir, 'tls.key'), key, { mode: 0o600 })
    return [
      'port 0',
      `tls-port ${port}`,
      'tls-cert-file tls.crt',
      'tls-key-file tls.key',
      'tls-ca-cert-file tls.crt',
      'tls-auth-clients no'
    ]
  }
}

// Only PONG counts: a server that is still reading its file answers LOADING.
async function answers (port: number, password: string, secure: boolean): Promise<boolean> {
  return await new Promise(resolve => {
    const socket = secure
      ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
      : connectPlain({ port, host: '127.0.0.1' })
    let said = ''

    socket.setTimeout(1000, () => finish(false))
    socket.once('error', () => finish(false))
    socket.once('close', () => finish(false))
    socket.on('data', chunk => {
      said += chunk.toString()
      if (said.includes('+PONG')) finish(true)
      else if (/^-(LOADING|NOAUTH|WRONGPASS|MASTERDOWN)/m.test(said)) finish(false)
    })
    socket.write(`AUTH ${password}\r\nPING\r\n`)

    function finish (pong: boolean) {
      socket.destroy()
      resolve(pong)
    }
  })
}
