import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import type { FastifyInstance, RequestEnd } from 'fastify'
import type { Test } from 'tap'
import { createServer } from '../../plugins/http/server.ts'
import caller from '../../plugins/http/request-caller.ts'
import cors from '../../plugins/http/cors.ts'
import emptyBodies from '../../plugins/http/empty-bodies.ts'
import errors from '../../plugins/http/errors.ts'
import headers from '../../plugins/http/headers.ts'
import host from '../../plugins/http/host.ts'
import httpMetrics from '../../plugins/monitoring/http-metrics.ts'
import https from '../../plugins/http/https.ts'
import json from '../../plugins/http/json.ts'
import methods from '../../plugins/http/methods.ts'
import metrics from '../../plugins/monitoring/metrics.ts'
import requestEnds from '../../plugins/monitoring/request-ends.ts'
import { securityHeaders } from '../../plugins/http/security-headers.ts'

export interface HttpSettings {
  trustProxy?: string[]
  clientAddressHeader?: string | null
  isExposed?: boolean
  allowedOrigins?: string[]
  level?: 'silent' | 'debug' | 'info'
}

/** The HTTP plugins on a server of its own, with the routes of a test and without any store; `lines` is its log. */
export async function buildHttp (t: Pick<Test, 'teardown'>, routes: (app: FastifyInstance) => void, { trustProxy = [], clientAddressHeader = null, isExposed = false, allowedOrigins = [], level = 'silent' }: HttpSettings = {}) {
  const lines: string[] = []
  const stream = new PassThrough().on('data', (chunk: Buffer) => lines.push(chunk.toString()))
  const http = { apiPrefix: '/api/v1', trustProxy, clientAddressHeader, issuer: 'http://localhost', isExposed }
  const app = createServer({ http, logger: { level, pretty: false } }, { stream })
  t.teardown(() => app.close())

  const ends: RequestEnd[] = []
  await app.register(metrics)
  await app.register(requestEnds, { ends })
  await app.register(httpMetrics, { ends })
  await app.register(errors)
  await app.register(headers, { securityHeaders })
  await app.register(host)
  await app.register(https, { isExposed })
  await app.register(cors, { allowedOrigins })
  for (const plugin of [methods, emptyBodies, json]) await app.register(plugin)
  await app.register(caller, { trustProxy, clientAddressHeader })
  await app.register(async context => routes(context))
  await app.ready()
  return { app, lines }
}

/** The answer of a listening server to exactly these bytes, until it closes the connection or `until` matches. */
export async function sendRaw (app: FastifyInstance, bytes: string | Buffer, until?: RegExp): Promise<string> {
  if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo

  return await new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => { socket.write(bytes) })
    let answer = ''

    socket.on('data', chunk => {
      answer += chunk.toString('latin1')
      if (until?.test(answer)) socket.destroy()
    })
    socket.on('close', () => resolve(answer))
    socket.on('error', error => answer === '' ? reject(error) : resolve(answer))
  })
}
