import { EventEmitter, once } from 'node:events'
import type { FastifyInstance } from 'fastify'

/** A request as it reached the node, and what it was answered. */
export interface Seen {
  method: string
  path: string
  status: number
  origin: string | undefined
  site: string | undefined
  hasSession: boolean
}

/** Records every request of a listening node when it is answered. */
export function watchTraffic (app: FastifyInstance) {
  let seen: Seen[] = []
  const arrivals = new EventEmitter()

  app.server.on('request', (request, response) => {
    const { origin, cookie = '', 'sec-fetch-site': site } = request.headers
    response.on('finish', () => {
      const path = request.url?.replace('/api/v1', '') ?? ''
      seen.push({ method: request.method ?? '', path, status: response.statusCode, origin, site: site?.toString(), hasSession: cookie.includes('__Host-refresh=') })
      arrivals.emit(path)
    })
  })

  return { take, calls, next }

  /** The requests since the last call of this function. */
  function take () {
    const taken = seen
    seen = []
    return taken
  }

  /** The same in short form, without the preflights of browsers. */
  function calls () {
    return take().filter(({ method }) => method !== 'OPTIONS').map(({ method, path, status }) => `${method} ${path} ${status}`)
  }

  /** The next request to a path. */
  async function next (path: string) {
    await once(arrivals, path)
  }
}
