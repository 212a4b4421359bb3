import { createServer } from 'node:http'
import fp from 'fastify-plugin'
import type { Config } from '../../lib/config/config.ts'

export type MetricsPortOptions = Pick<Config['operations'], 'metricsPort'> & Pick<Config['process'], 'host'>

/** Serves /metrics on a port of its own, without a token, while the server listens. */
export default fp<MetricsPortOptions>(async function openMetricsPort (app, { metricsPort, host }) {
  if (metricsPort === null) return

  const server = createServer({ requestTimeout: 10_000 }, ({ method, url }, response) => {
    if (method !== 'GET' || url !== '/metrics') return response.writeHead(404).end()
    app.metrics.render().then(
      body => response.writeHead(200, { 'content-type': app.metrics.contentType, 'cache-control': 'no-store' }).end(body),
      () => response.writeHead(500).end()
    )
  })

  app.addHook('onListen', async () => {
    server.on('error', error => app.log.error({ err: error }, 'METRICS_PORT'))
    server.listen(metricsPort, host, () => app.log.info({ port: metricsPort }, 'metrics'))
  })
  app.addHook('onClose', async () => { server.close() })
}, { name: 'metrics-port', dependencies: ['http'] })
