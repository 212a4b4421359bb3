import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { createVerifier } from '../../../clients/verifier/src/index.ts'
import type { VerifierOptions } from '../../../clients/verifier/src/index.ts'
import { makeService } from '../../support/accounts/services.ts'
import { listen } from '../../support/event-stream.ts'

export const issuer = 'http://localhost:3000'

type Teardown = Pick<Test, 'teardown'>

/** A verifier that follows a node, or what stands at `baseUrl`. */
export async function makeVerifier (t: Teardown, app: FastifyInstance, options: Partial<VerifierOptions> = {}) {
  const feed = await makeService(app, { mayFollow: true })
  const verifier = createVerifier({ issuer, feed, baseUrl: await listen(app), warn: () => {}, ...options })
  t.teardown(verifier.close)
  return verifier
}

/** How a verifier judges a token: `fine`, or the code of its refusal with the reason. */
export async function verdict (verifier: { verify (token: string): Promise<unknown> }, token: string): Promise<string> {
  try {
    await verifier.verify(token)
    return 'fine'
  } catch (error) {
    const { code, details } = error as { code: string, details: { reason?: string } }
    return [code, details?.reason].filter(Boolean).join(' ')
  }
}

/**
 * A balancer of connections before one node at a time. `cut` resets what is open, as when the node is killed; `freeze`
 * lets nothing through and closes nothing, also for new connections.
 */
export async function openBalancer (t: Teardown) {
  const pairs = new Set<[Socket, Socket]>()
  let target = 0
  let isFrozen = false

  const server = createServer(client => {
    const node = connect(target, '127.0.0.1')
    const pair: [Socket, Socket] = [client, node]
    pairs.add(pair)
    for (const [from, to] of [pair, [node, client] as const]) {
      from.on('data', chunk => { to.write(chunk) })
      from.on('error', () => {})
      from.on('close', () => { to.destroy(); pairs.delete(pair) })
      if (isFrozen) from.pause()
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => { server.close(); cut() })

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    point: async (app: FastifyInstance) => { target = Number(new URL(await listen(app)).port) },
    cut,
    freeze () { isFrozen = true; for (const socket of [...pairs].flat()) socket.pause() },
    thaw () { isFrozen = false; for (const socket of [...pairs].flat()) socket.resume() }
  }

  function cut () {
    for (const [client, node] of pairs) { client.resetAndDestroy(); node.destroy() }
  }
}
