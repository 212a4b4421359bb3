import type { FastifyInstance } from 'fastify'
import { api } from '../helper.ts'

export interface ServiceCredential { id: string, secret: string }

export const operator = { ip: '127.0.0.1', userAgent: 'a test', requestId: 'a-test' }

let made = 0

/** A service of its own, created as the command does it. */
export async function makeService (app: FastifyInstance, { name = `shop-${++made}`, mayRevoke = false, mayFollow = false } = {}) {
  return await app.services.create({ name, mayRevoke, mayFollow }, operator)
}

/** The Authorization header of a service, each half encoded as in a form (RFC 6749, section 2.3.1). */
export function basic ({ id, secret }: ServiceCredential) {
  return `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`
}

/** Sends a form to a route for services; `form` is its text, or its parameters. */
export async function send (
  app: FastifyInstance,
  path: string,
  form: string | Record<string, string>,
  headers: Record<string, string> = {}
) {
  return await app.inject({
    method: 'POST',
    url: api(`/auth/${path}`),
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    payload: typeof form === 'string' ? form : new URLSearchParams(form).toString()
  })
}

export async function introspect (app: FastifyInstance, service: ServiceCredential, token: string) {
  return await send(app, 'introspect', { token }, { authorization: basic(service) })
}

export async function revoke (app: FastifyInstance, service: ServiceCredential, token: string) {
  return await send(app, 'revoke', { token }, { authorization: basic(service) })
}
