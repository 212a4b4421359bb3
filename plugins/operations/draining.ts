import { Server } from 'node:net'
import fp from 'fastify-plugin'

/** How often (ms) connections that have become idle are closed while the server closes. */
const idleCheckIntervalMs = 50
/** How long (ms) the server waits at most for a moment without new connections and requests. */
const quietMomentWaitMs = 500

/**
 * Makes clients leave a node that stops. From the first moment of draining each answer says `Connection: close`
 * (RFC 9112 §9.6), also the answers to requests that arrived before. A connection that nobody uses is not closed yet,
 * because a proxy may send a request on it at that moment, and may not send a POST again. Only when the node takes no
 * more connections are the idle ones closed, until none is left.
 */
export default fp(async function closeConnections (app) {
  let timer: NodeJS.Timeout | undefined
  let arrivals = 0

  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (app.health.isDraining()) reply.header('connection', 'close')
    done()
  })
  app.addHook('preClose', done => {
    for (const event of ['connection', 'request']) app.server.prependListener(event, () => { arrivals++ })
    waitForQuietMoment(performance.now() + quietMomentWaitMs, () => {
      // Fastify would do other work before. It does not mind that the server listens no more.
      if (app.server.listening) Server.prototype.close.call(app.server)
      timer = setInterval(closeIdle, idleCheckIntervalMs)
      done()
    })
  })
  app.addHook('onClose', async () => clearInterval(timer))

  // After the event loop has read what has arrived: a connection with an unread request would be reset.
  function closeIdle () {
    setImmediate(() => app.server.closeIdleConnections())
  }

  // The kernel resets connections that have not been accepted when the server stops listening. So it stops right after
  // a turn of the event loop in which none had arrived.
  function waitForQuietMoment (until: number, done: () => void) {
    arrivals = 0
    setImmediate(() => {
      if (arrivals === 0 || performance.now() > until) done()
      else waitForQuietMoment(until, done)
    })
  }
}, { name: 'draining', dependencies: ['monitoring'] })
