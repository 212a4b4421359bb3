import type { EventEmitter } from 'node:events'
import { Server } from 'node:net'
import type { Socket } from 'node:net'
import fp from 'fastify-plugin'

/** How often (ms) connections that have become idle are closed while the server closes. */
const idleCheckIntervalMs = 50
/**
 * How long (ms) a connection on which nothing has come stays open meanwhile. Browsers and HTTP clients open some ahead,
 * and Node does not take them for idle ones.
 */
const unusedMaxMs = 1000
/** How often (ms) the server looks whether nothing arrives, and how long it does so at most. */
const quietMomentLookMs = 5
const quietMomentWaitMs = 500
/** The most requests that wait meanwhile. Those beyond are answered as usual. */
const heldMax = 1000

/**
 * Makes clients leave a node that stops. From the first moment of draining each answer says `Connection: close`
 * (RFC 9112 §9.6), also the answers to requests that arrived before. A connection that nobody uses is not closed yet,
 * because a proxy may send a request on it at that moment, and may not send a POST again. Only when the node takes no
 * more connections are the idle ones closed, until none is left.
 */
export default fp(async function closeConnections (app) {
  let timer: NodeJS.Timeout | undefined
  const connections = new Set<Socket>()

  app.server.on('connection', (connection: Socket) => {
    connections.add(connection)
    connection.once('close', () => connections.delete(connection))
  })
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (app.health.isDraining()) reply.header('connection', 'close')
    done()
  })
  app.addHook('preClose', done => {
    if (!app.server.listening) return done()
    const { arrivals, release } = holdRequests(app.server)
    waitForQuietMoment(arrivals, performance.now() + quietMomentWaitMs, () => {
      // Fastify itself would do other work first. It accepts that the server has stopped listening.
      Server.prototype.close.call(app.server)
      release()
      const closesUnusedAt = performance.now() + unusedMaxMs
      timer = setInterval(() => setImmediate(closeIdle, closesUnusedAt), idleCheckIntervalMs)
      done()
    })
  })
  app.addHook('onClose', async () => clearInterval(timer))

  // After the event loop has read what has arrived: a connection with an unread request would be reset.
  function closeIdle (closesUnusedAt: number) {
    app.server.closeIdleConnections()
    if (performance.now() < closesUnusedAt) return
    for (const connection of connections) if (connection.bytesRead === 0) connection.destroy()
  }
}, { name: 'draining', dependencies: ['monitoring'] })

/**
 * Calls back right after a turn of the event loop in which nothing had arrived: the kernel resets connections that have
 * not been accepted when the server stops listening. Waiting for a timer lets the process begin that turn with its
 * whole share of the processor, so that it is not interrupted between the two.
 */
function waitForQuietMoment (arrivals: () => number, until: number, done: () => void) {
  setTimeout(() => {
    const before = arrivals()
    setImmediate(() => {
      if (arrivals() === before || performance.now() > until) done()
      else waitForQuietMoment(arrivals, until, done)
    })
  }, quietMomentLookMs)
}

/**
 * Lets requests that arrive wait until they are released. On a node that has more to do than it can, a turn of the
 * event loop that handles requests takes so long that something arrives in each.
 */
function holdRequests (server: EventEmitter) {
  const handlers = server.rawListeners('request')
  const held: unknown[][] = []
  let arrived = 0
  server.removeAllListeners('request').on('request', hold).on('connection', count)
  return { arrivals: () => arrived, release }

  function release () {
    server.off('request', hold).off('connection', count)
    for (const handler of handlers) server.on('request', handler as () => void)
    held.forEach(handle)
  }

  function hold (...request: unknown[]) {
    count()
    if (held.length < heldMax) held.push(request)
    else handle(request)
  }

  function handle (request: unknown[]) {
    for (const handler of handlers) handler.apply(server, request)
  }

  function count () {
    arrived++
  }
}
