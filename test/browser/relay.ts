import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/**
 * A connection between a client and an HTTP/1.1 server whose port may be given later. While `cuts` matches the
 * beginning of a request, its answer is dropped on the way and the connection is closed; `lost` counts those answers.
 * While `delays` matches, the answer comes `delayMs` milliseconds late.
 */
export async function openRelay (t: Pick<Test, 'teardown'>, options: { from?: string } = {}) {
  const relay = {
    port: 0,
    origin: '',
    to: 0,
    cuts: undefined as RegExp | undefined,
    lost: 0,
    delays: undefined as RegExp | undefined,
    delayMs: 0
  }

  const server = createServer(client => {
    const upstream = connect({ port: relay.to, host: '127.0.0.1', ...(options.from && { localAddress: options.from }) })
    let isCut = false
    let isDelayed = false

    client.on('data', chunk => {
      isCut = relay.cuts?.test(chunk.toString('latin1')) ?? false
      isDelayed = relay.delays?.test(chunk.toString('latin1')) ?? false
      upstream.write(chunk)
    })
    upstream.on('data', chunk => {
      if (isDelayed) return setTimeout(() => client.writable && client.write(chunk), relay.delayMs)
      if (!isCut) return client.write(chunk)
      relay.lost++
      client.resetAndDestroy()
    })
    client.on('error', () => {}).on('close', () => upstream.destroy())
    upstream.on('error', () => {}).on('close', () => client.destroy())
    t.teardown(() => client.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close() })

  relay.port = (server.address() as AddressInfo).port
  relay.origin = `http://localhost:${relay.port}`
  return relay
}
