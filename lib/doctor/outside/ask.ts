import { request as requestHttp } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { TLSSocket } from 'node:tls'

export interface Question {
  method?: 'GET' | 'POST' | 'OPTIONS'
  headers?: Record<string, string>
}

/** An answer as a client sees it. Header names are in lower case; one that came several times has all its values. */
export interface Answer {
  status: number
  headers: ReadonlyMap<string, readonly string[]>
  body: string
  /** The end of the server's certificate, milliseconds since 1970; null over plain http. */
  certificateEnd: number | null
}

export type Ask = (path: string, question?: Question) => Promise<Answer>

/** How long (ms) one answer may take. */
const answerTimeoutMs = 5000
/** How many characters of a body are read. */
const bodyLengthMax = 100_000

/** Asks the server at an origin, without cookies of its own and without following redirections. */
export function createAsk (origin: URL): Ask {
  const request = origin.protocol === 'https:' ? requestHttps : requestHttp

  return async (path, { method = 'GET', headers = {} } = {}) => await new Promise((resolve, reject) => {
    const sent = request(new URL(path, origin), {
      method,
      headers: { 'user-agent': 'latchkey doctor', ...headers },
      agent: false,
      signal: AbortSignal.timeout(answerTimeoutMs)
    }, response => { read(response).then(resolve, reject) })
    sent.on('error', reject)
    sent.end()
  })
}

async function read (response: IncomingMessage): Promise<Answer> {
  const certificateEnd = isTls(response.socket) ? Date.parse(response.socket.getPeerCertificate().valid_to) : null
  let body = ''
  for await (const chunk of response) body = (body + String(chunk)).slice(0, bodyLengthMax)
  return { status: response.statusCode ?? 0, headers: headersOf(response.rawHeaders), body, certificateEnd }
}

function isTls (socket: object): socket is TLSSocket {
  return 'getPeerCertificate' in socket
}

function headersOf (raw: string[]): Map<string, string[]> {
  const headers = new Map<string, string[]>()
  for (let place = 0; place < raw.length; place += 2) {
    const name = raw[place]?.toLowerCase() ?? ''
    headers.set(name, [...headers.get(name) ?? [], raw[place + 1] ?? ''])
  }
  return headers
}
