import { createServer } from 'node:http'
import fp from 'fastify-plugin'
import type { Config } from '../../lib/config/config.ts'

export type MetricsPortOptions = Pick<Config['operations'], 'metricsPort'> & Pick<Config['process'], 'host'>

/** How long (ms) a request may take to arrive. */
const requestTimeoutMs = 10_000

/** Serves /metrics on a port of its own, without a token, while the server listens. */
export default fp<MetricsPortOptions>(async function openMetricsPort (app, { metricsPort, host }) {
  if (metricsPort === null) return

  const headers = { 'content-type': app.metrics.contentType, 'cache-control': 'no-store' }
  const server = createServer({ requestTimeout: requestTimeoutMs }, ({ method, url }, response) => {
    if (method !== 'GET' || url !== '/metrics') return response.writeHead(404).end()
    app.metrics.render().then(
      body => response.writeHead(200, headers).end(body),
      () => response.writeHead(500).end()
    )
  })

  app.addHook('onListen', async () => {
    server.on('error', error => app.log.error({ err: error }, 'METRICS_PORT'))
    server.listen(metricsPort, host, () => app.log.info({ port: metricsPort }, 'metrics'))
  })
  app.addHook('onClose', async () => { server.close() })
}, { name: 'metrics-port', dependencies: ['monitoring'] })
