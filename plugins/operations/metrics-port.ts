import { once } from 'node:events'
import { createServer } from 'node:http'
import fp from 'fastify-plugin'
import type { Config } from '../../lib/config/config.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Serves /metrics on METRICS_PORT, without a token, until the app closes. Does nothing where no port is set.
     * Only a server calls it: a command of the same settings must not take the port of a running node.
     * @throws Error which names the setting, if the port cannot be opened
     */
    readonly openMetricsPort: () => Promise<void>
  }
}

export type MetricsPortOptions = Pick<Config['operations'], 'metricsPort'> & Pick<Config['process'], 'host'>

/** How long (ms) a request may take to arrive. */
const requestTimeoutMs = 10_000

/** `app.openMetricsPort`. */
export default fp<MetricsPortOptions>(async function metricsPort (app, { metricsPort: port, host }) {
  const headers = { 'content-type': app.metrics.contentType, 'cache-control': 'no-store' }
  const server = createServer({ requestTimeout: requestTimeoutMs }, ({ method, url }, response) => {
    if (method !== 'GET' || url !== '/metrics') return response.writeHead(404).end()
    app.metrics.render().then(
      body => response.writeHead(200, headers).end(body),
      () => response.writeHead(500).end()
    )
  })

  app.decorate('openMetricsPort', async () => { if (port !== null) await open(port) })
  app.addHook('onClose', async () => { server.close() })

  async function open (port: number) {
    server.listen(port, host)
    await once(server, 'listening').catch((cause: Error) => {
      throw new Error(`METRICS_PORT cannot be opened: ${cause.message}`, { cause })
    })
    // Sign-ins do not depend on metrics, so what happens to this port later ends no node.
    server.on('error', error => app.log.error({ err: error }, 'METRICS_PORT'))
    app.log.info({ port }, 'metrics')
  }
}, { name: 'metrics-port', dependencies: ['monitoring'] })
