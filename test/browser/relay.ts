import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import type { Test } from 'tap'

/**
 * A connection between a client and an HTTP/1.1 server whose port may be given later. While `cuts` matches the
 * beginning of a request, its answer is dropped on the way and the connection is closed; `lost` counts those answers.
 * While `holds` matches, the answer is kept until `letGo` is called.
 */
export async function openRelay (t: Pick<Test, 'teardown'>, options: { from?: string } = {}) {
  let held: { client: Socket, chunk: Buffer }[] = []
  const relay = {
    port: 0,
    origin: '',
    to: 0,
    cuts: undefined as RegExp | undefined,
    lost: 0,
    holds: undefined as RegExp | undefined,
    /** How many connections that wait for an answer that is kept are still open. */
    waiting: () => new Set(held.filter(({ client }) => client.writable).map(({ client }) => client)).size,
    letGo
  }

  const server = createServer(client => {
    const upstream = connect({ port: relay.to, host: '127.0.0.1', ...(options.from && { localAddress: options.from }) })
    let isCut = false
    let isHeld = false

    client.on('data', chunk => {
      isCut = relay.cuts?.test(chunk.toString('latin1')) ?? false
      isHeld = relay.holds?.test(chunk.toString('latin1')) ?? false
      upstream.write(chunk)
    })
    upstream.on('data', chunk => {
      if (isHeld && relay.holds !== undefined) return held.push({ client, chunk })
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

  /** Sends the answers that were kept to those who are still there, and keeps no more of them. */
  function letGo () {
    relay.holds = undefined
    for (const { client, chunk } of held) if (client.writable) client.write(chunk)
    held = []
  }
}
