import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { basic } from './accounts/services.ts'
import type { ServiceCredential } from './accounts/services.ts'
import { api } from './helper.ts'

/** A change as followers receive it. */
export interface ToldChange {
  kind: string
  subject_id?: string
  except_id?: string
  number?: number
  reason?: string
  vendor_status?: string
  as_of?: string
}

export interface StreamEvent {
  event: string
  id: string
  data: { changes: ToldChange[], fresh_at: string, clock: number }
}

/** The address of a node, which listens from now on. */
export async function listen (app: FastifyInstance) {
  if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 })
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
}

/** A follower of a node, as it sees the stream of events. */
export async function follow (
  t: { teardown (end: () => void): void },
  app: FastifyInstance,
  service: ServiceCredential,
  cursor?: string
) {
  const closing = new AbortController()
  t.teardown(() => closing.abort())
  const answer = await fetch(`${await listen(app)}${api('/auth/revocations')}`, {
    headers: { authorization: basic(service), accept: 'text/event-stream', ...(cursor !== undefined && { 'last-event-id': cursor }) },
    signal: closing.signal
  })
  const events = answer.status === 200 && answer.body ? read(answer.body) : null
  const seen: StreamEvent[] = []
  return { answer, seen, next, close: () => closing.abort(), isOver }

  /** The next event of this name; null at the end of the stream. */
  async function next (name: string): Promise<StreamEvent> {
    for (;;) {
      const { value } = await events?.next() ?? {}
      if (!value) throw new Error(`the stream ended before ${name}, with status ${answer.status}`)
      seen.push(value)
      if (value.event === name) return value
    }
  }

  /** Reads on until the stream ends. */
  async function isOver () {
    for await (const event of events ?? []) seen.push(event)
    return true
  }
}

async function * read (body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent, undefined> {
  const decoder = new TextDecoder()
  let pieces: string[] = []
  for await (const chunk of body) {
    const piece = decoder.decode(chunk, { stream: true })
    const mayEnd = piece.includes('\n\n') || (piece.startsWith('\n') && pieces.at(-1)?.endsWith('\n'))
    pieces.push(piece)
    // An event may have twelve million letters, which come in two hundred pieces.
    if (!mayEnd) continue
    const parts = pieces.join('').split('\n\n')
    pieces = [parts.pop() ?? '']
    for (const part of parts) {
      const fields = Object.fromEntries(part.split('\n').map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]))
      yield { event: fields['event'] ?? '', id: fields['id'] ?? '', data: JSON.parse(fields['data'] ?? 'null') }
    }
  }
  return undefined
}
