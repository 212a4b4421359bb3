import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import type { Certified } from '../stores/certificates.ts'

export type Pages = Record<string, string | ((request: IncomingMessage) => string)>

/** A web server with a few pages, which may be added later; with a certificate it serves TLS. */
export async function servePages (t: Pick<Test, 'teardown'>, pages: Pages = {}, certified?: Certified) {
  const server = certified ? createSecureServer(certified, answer) : createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.closeAllConnections(); server.close() })

  const { port } = server.address() as AddressInfo
  return { pages, port, origin: `http://localhost:${port}`, otherSite: `http://127.0.0.1:${port}` }

  function answer (request: IncomingMessage, response: ServerResponse) {
    const page = pages[request.url ?? '']
    response.writeHead(page === undefined ? 404 : 200, { 'content-type': 'text/html; charset=utf-8' })
    response.end(typeof page === 'function' ? page(request) : page)
  }
}
