import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import type { Deployment } from '../helper.ts'

const confirmation = readFileSync(new URL('../../../lib/stores/lua/confirm-generation.lua', import.meta.url), 'utf8')
const confirmationSha = createHash('sha1').update(confirmation).digest('hex')

/** Statements of the background work. */
const background = new RegExp([
  'pg_snapshot_xmin', '^select 1$', 'pg_is_in_recovery', 'txid', String.raw`clock_timestamp\(\) as now`,
  'schema_migrations', String.raw`seen \(id, floor, at\)`
].join('|'), 'i')

/** Commands of the background work, and of connecting. */
const backgroundCommands = /^(hello|client|info|ping|xread|select|auth|command|time|set)$/i

/**
 * Puts a listener between a node and its stores: every SQL statement and Redis command that the node sends is
 * recorded before it arrives. Its background work is left out: reading the feed, probes, telling what has arrived, and
 * writing from time to time which sessions were used.
 */
export async function tapWires (t: Pick<Test, 'teardown'>, deployment: Deployment) {
  const tap = createWiretap()
  const databaseUrl = await relay(t, deployment.DATABASE_URL, () => readPostgres(tap.statement))
  const redisUrl = await relay(t, deployment.REDIS_URL, () => readRedis(tap.command))

  return { tap, deployment: { ...deployment, DATABASE_URL: databaseUrl, REDIS_URL: redisUrl } }
}

function createWiretap () {
  let statements: string[] = []
  let commands: string[] = []
  let confirmations = 0

  return {
    statement (text: string) {
      if (!background.test(text)) statements.push(text.replaceAll(/\s+/g, ' ').trim())
    },
    command (name: string, script: string) {
      if (script === confirmationSha || script === confirmation) confirmations++
      else if (!backgroundCommands.test(name)) commands.push(name.toLowerCase())
    },
    /** How often Redis was told that an answer has arrived. */
    get confirmations () { return confirmations },
    /** Everything that was sent since the last call of this function. */
    take () {
      const taken = { statements, commands }
      statements = []
      commands = []
      return taken
    }
  }
}

async function relay (t: Pick<Test, 'teardown'>, url: string, reader: () => (chunk: Buffer) => void) {
  const target = new URL(url)
  const { port, hostname } = target
  const server = createServer(client => {
    const upstream = connect(Number(port), hostname)
    const read = reader()
    client.setNoDelay(true)
    upstream.setNoDelay(true)
    client.on('data', read)
    client.pipe(upstream).pipe(client)
    client.on('error', () => upstream.destroy())
    upstream.on('error', () => client.destroy())
    client.on('close', () => upstream.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => { server.close() })

  target.hostname = '127.0.0.1'
  target.port = String((server.address() as AddressInfo).port)
  return target.href
}

/** Messages of Postgres' frontend: the first has no type, Q is a simple query, P prepares, B runs what was prepared. */
function readPostgres (note: (text: string) => void) {
  const prepared = new Map<string, string>()
  let rest = Buffer.alloc(0)
  let isStarted = false

  return (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      const head = isStarted ? 1 : 0
      if (rest.length < head + 4) return
      const length = head + rest.readInt32BE(head)
      if (rest.length < length) return

      const kind = isStarted ? String.fromCharCode(rest[0] ?? 0) : ''
      const [first = '', second = ''] = rest.subarray(head + 4, length).toString().split('\0')
      if (kind === 'Q') note(first)
      if (kind === 'P') prepared.set(first, second)
      if (kind === 'B') note(prepared.get(second) ?? 'unknown')
      isStarted = true
      rest = rest.subarray(length)
    }
  }
}

/** Commands as ioredis writes them: arrays of bulk strings. */
function readRedis (note: (name: string, script: string) => void) {
  let rest = Buffer.alloc(0)

  return (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    for (let command = next(); command !== undefined; command = next()) note(command[0] ?? '', command[1] ?? '')
  }

  function next () {
    let at = 0
    const count = line('*')
    if (count === undefined) return undefined

    const words: string[] = []
    for (let word = 0; word < count; word++) {
      const length = line('$')
      if (length === undefined || rest.length < at + length + 2) return undefined
      words.push(rest.subarray(at, at + length).toString())
      at += length + 2
    }
    rest = rest.subarray(at)
    return words

    function line (mark: string) {
      const end = rest.indexOf('\r\n', at)
      if (end < 0) return undefined
      const text = rest.subarray(at, end).toString()
      if (text[0] !== mark) throw new Error(`not a command: ${text}`)
      at = end + 2
      return Number(text.slice(1))
    }
  }
}
