import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import type { Test } from 'tap'

/** What arrived where errors or traces are sent to. */
export interface Arrived { url: string, headers: IncomingHttpHeaders, body: string }

/** A span as OTLP/JSON has it, with its attributes by name. */
export interface ArrivedSpan {
  name: string
  kind: number
  traceId: string
  spanId: string
  parentSpanId: string | undefined
  status: { code?: number }
  attributes: Record<string, unknown>
}

/**
 * A server that takes errors and traces, in this process.
 * @param answer what it does with each request; by default it takes all
 */
export async function startIngest (t: Pick<Test, 'teardown'>, answer: (response: ServerResponse) => void = take) {
  const arrived: Arrived[] = []
  const server = createServer(async (request, response) => {
    const { url = '', headers } = request
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const raw = Buffer.concat(chunks)
    arrived.push({ url, headers, body: (headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString() })
    answer(response)
    server.emit('arrived')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close(); server.closeAllConnections() })

  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, dsn: `${url.replace('//', '//0123abcd@')}/7`, arrived, spans, next: () => once(server, 'arrived') }

  function spans (): ArrivedSpan[] {
    const batches = arrived.filter(({ url }) => url === '/v1/traces').map(({ body }) => JSON.parse(body))
    return batches.flatMap(({ resourceSpans }) => resourceSpans)
      .flatMap(({ scopeSpans }) => scopeSpans)
      .flatMap(({ spans }) => spans)
      .map(({ attributes, ...span }) => ({ ...span, attributes: read(attributes) }))
  }
}

function take (response: ServerResponse) {
  response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
}

function read (attributes: { key: string, value: Record<string, unknown> }[]) {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}
