// Loaded before server.ts by npm run dev: serves the example of the JavaScript client at /example.
import { subscribe } from 'node:diagnostics_channel'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { FastifyInstance } from 'fastify'

const folder = 'clients/javascript/example'

const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  'img-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'"
].join('; ')

// Fastify reports each server that is made on this channel. So the product itself needs no option for pages that only
// development serves.
subscribe('fastify.initialization', message => {
  if (isMade(message)) message.fastify.register(serveExample)
})

/** The pages are read for each request, so that a reload shows what has been changed. */
async function serveExample (app: FastifyInstance) {
  app.addHook('onSend', async (_, reply) => {
    reply.headers({
      'content-security-policy': contentSecurityPolicy,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer'
    })
  })
  app.get('/example/main.js', async (_, reply) => reply.type('text/javascript; charset=utf-8').send(await script()))
  app.get('/example/style.css', async (_, reply) => reply.type('text/css; charset=utf-8').send(await read('style.css')))
  // Every other path is one of the application's own, such as /example/reset-password.
  for (const path of ['/example', '/example/*']) {
    app.get(path, async (_, reply) => reply.type('text/html; charset=utf-8').send(await read('index.html')))
  }
}

async function read (name: string) {
  return await readFile(join(folder, name), 'utf8')
}

async function script () {
  const { outputFiles: [bundle] } = await build({
    entryPoints: [join(folder, 'main.ts')], bundle: true, format: 'esm', target: 'es2022', sourcemap: 'inline', write: false
  })
  return bundle?.text ?? ''
}

function isMade (message: unknown): message is { fastify: FastifyInstance } {
  return typeof message === 'object' && message !== null && 'fastify' in message
}
