import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { Test } from 'tap'

/** The behaviour of the server; `honest` is the correct one. */
export type Behaviour = keyof typeof behaviours

/** A server in this process that speaks the range protocol of Have I Been Pwned, and breaks it on request. */
export async function startRangeServer (t: Pick<Test, 'teardown'>) {
  const breached = new Set<string>()
  const server = createServer((request, response) => {
    ranges.asked.push(request.url ?? '')
    ranges.headers.push(request.headers)
    behaviours[ranges.behaviour](request, response, breached)
  })
  const ranges = {
    url: '',
    behaviour: 'honest' as Behaviour,
    /** The paths that were asked for. */
    asked: [] as string[],
    headers: [] as IncomingMessage['headers'][],
    /** Every byte that came over the wire. */
    received: '',
    /** Adds passwords to the stolen ones. */
    add (...passwords: string[]) { for (const password of passwords) breached.add(digestOf(password)) },
    /** The number of open connections. */
    connections: async () => await new Promise<number>((resolve, reject) => {
      server.getConnections((error, count) => error ? reject(error) : resolve(count))
    })
  }

  server.on('connection', socket => socket.on('data', chunk => { ranges.received += String(chunk) }).on('error', () => {}))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close().closeAllConnections() })
  ranges.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/range/`
  return ranges
}

export function digestOf (password: string) {
  return createHash('sha1').update(password.normalize('NFC')).digest('hex').toUpperCase()
}

type Answer = (request: IncomingMessage, response: ServerResponse, breached: Set<string>) => void

const behaviours = {
  honest: (request, response, breached) => send(response, rowsFor(request, breached, 3)),
  /** Puts the very digest among the padding rows. */
  padding: (request, response, breached) => send(response, rowsFor(request, breached, 0)),
  lowercase: (request, response, breached) => send(response, rowsFor(request, breached, 3).toLowerCase().replaceAll('\r', '')),
  /** A row now and then, without end. */
  slow: (_, response) => {
    const timer = setInterval(() => response.write(row(0)), 5)
    response.on('close', () => clearInterval(timer))
  },
  hanging: () => {},
  /** The headers and the first rows, and then nothing. */
  stalling: (_, response) => { response.write(row(0)) },
  error: (_, response) => { send(response, 'Internal Server Error', 500) },
  limited: (_, response) => { send(response, '{"statusCode":429}', 429) },
  redirect: (request, response) => {
    const { localPort = 0 } = request.socket
    send(response, '', 302, { location: `http://127.0.0.1:${localPort}/elsewhere` })
  },
  garbage: (_, response) => send(response, '<!doctype html><title>Sign in to the hotel’s network</title>'),
  empty: (_, response) => send(response, ''),
  /** More data than any client wants, sent as fast as it is read. */
  huge: (_, response) => {
    const rows = row(0).repeat(1000)
    const more = () => { while (!response.destroyed && response.write(rows)); }
    response.on('drain', more)
    more()
  },
  /** A small body that unpacks to eight megabytes. */
  bomb: (_, response) => { response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb) },
  /** Breaks the connection within a row. */
  cut: (request, response, breached) => {
    const rows = rowsFor(request, breached, 3)
    response.writeHead(200, { 'content-length': rows.length })
    response.write(rows.slice(0, Math.floor(rows.length / 2) + 10), () => response.destroy())
  },
  /** Ends in the middle of a row as if the body were complete. */
  trimmed: (request, response, breached) => send(response, rowsFor(request, breached, 3).slice(0, -30)),
  reset: (request) => { request.socket.resetAndDestroy() }
} satisfies Record<string, Answer>

const bomb = gzipSync(row(0).repeat(200_000))

/** The rows with this prefix: a few others, padding, and the passwords that were added as stolen. */
function rowsFor ({ url = '' }: IncomingMessage, breached: Set<string>, count: number) {
  const prefix = url.split('/').at(-1) ?? ''
  const others = Array.from({ length: 800 }, (_, index) => row(index % 9))
  const own = Array.from(breached).filter(digest => digest.startsWith(prefix)).map(digest => `${digest.slice(5)}:${count}\r\n`)

  return [...others.slice(0, 400), ...own, ...others.slice(400)].join('')
}

function row (count: number) {
  return `${createHash('sha1').update(String(Math.random())).digest('hex').slice(5).toUpperCase()}:${count}\r\n`
}

function send (response: ServerResponse, body: string, status = 200, headers = {}) {
  response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(body)
}
