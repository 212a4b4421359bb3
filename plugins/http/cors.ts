import cors from '@fastify/cors'
import fp from 'fastify-plugin'
import type { Config } from '../../lib/config/config.ts'

/** Lets listed origins call with credentials. Who is not listed gets no CORS header at all: nothing is reflected. */
export default fp<Pick<Config['browser'], 'allowedOrigins'>>(async function allowOrigins (app, { allowedOrigins }) {
  const allowed = new Set(allowedOrigins)

  await app.register(cors, {
    origin: (origin, answer) => answer(null, origin !== undefined && allowed.has(origin) ? origin : false),
    credentials: true,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ['Authorization', 'Content-Type', 'X-Request-Id'],
    exposedHeaders: ['X-Request-Id', 'Retry-After', 'RateLimit', 'RateLimit-Policy', 'WWW-Authenticate'],
    strictPreflight: false,
    maxAge: 600
  })
}, { name: 'cors' })
