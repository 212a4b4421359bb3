import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** How many requests of one connection may be unanswered. Proxies and browsers send the next after the answer. */
const unansweredMax = 16

/**
 * Bounds how many requests a client may send ahead on one connection (pipelining, RFC 9112 §9.3.2). A packet holds some
 * thousand small ones, and Node begins all of them before anything else runs, the limits of requests included. A
 * connection that goes beyond the bound is destroyed; a client that pipelines has to repeat what was not answered.
 * Called when the server has got what answers its requests.
 */
export function boundPipelining (server: Server) {
  const unanswered = new WeakMap<Socket, number>()
  const answerers = server.listeners('request')

  server.removeAllListeners('request').on('request', begin)

  function begin (request: IncomingMessage, response: ServerResponse) {
    const { socket } = request
    const count = (unanswered.get(socket) ?? 0) + 1
    unanswered.set(socket, count)
    if (count > unansweredMax) {
      socket.destroy()
      return
    }
    response.once('close', () => { unanswered.set(socket, (unanswered.get(socket) ?? 0) - 1) })
    for (const answer of answerers) Reflect.apply(answer, server, [request, response])
  }
}
