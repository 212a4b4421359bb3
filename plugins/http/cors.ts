import cors from '@fastify/cors'
import fp from 'fastify-plugin'
import type { Config } from '../../lib/config/config.ts'

/** How long (s) a browser may keep the answer to a preflight. */
const preflightMaxAgeSeconds = 600

/** What tracing libraries add to every request of a page (W3C Trace Context, W3C Baggage, Sentry). It is not read. */
const tracingHeaders = ['traceparent', 'tracestate', 'baggage', 'sentry-trace']

/** Lets listed origins call with credentials. Any other origin gets no CORS header: no origin is reflected. */
export default fp<Pick<Config['browser'], 'allowedOrigins'>>(async function allowOrigins (app, { allowedOrigins }) {
  const allowed = new Set(allowedOrigins)

  await app.register(cors, {
    origin: (origin, answer) => answer(null, origin !== undefined && allowed.has(origin) ? origin : false),
    credentials: true,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ['Authorization', 'Content-Type', 'If-Match', 'X-Request-Id', ...tracingHeaders],
    exposedHeaders: ['ETag', 'X-Request-Id', 'Retry-After', 'RateLimit', 'RateLimit-Policy', 'WWW-Authenticate'],
    strictPreflight: false,
    maxAge: preflightMaxAgeSeconds
  })
}, { name: 'cors' })
