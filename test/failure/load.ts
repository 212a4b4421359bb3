import { Agent, request as requestHttp } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { Agent as SecureAgent, request as requestHttps } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { api } from './nodes.ts'

interface Load {
  port: number
  /** An access token. */
  token: string
  /** Requests under way at once. */
  clients: number
  /** How long (ms) each of them rests after an answer. */
  pauseMs?: number
  /** The certificate of the authority that the proxy's own is checked against; without it, the load is plain http. */
  ca?: string
}

/** Sends requests through nginx until it is stopped; then returns how many had which outcome. */
export function sendWithoutPause ({ port, token, clients, pauseMs = 100, ca }: Load) {
  const options = { keepAlive: true, maxSockets: clients }
  const agent = ca === undefined ? new Agent(options) : new SecureAgent({ ...options, ca, servername: 'auth.example.com' })
  const request = ca === undefined ? requestHttp : requestHttps
  const outcomes: Record<string, number> = {}
  const over = new AbortController()
  const sending = Array.from({ length: clients }, async (_, client) => {
    for (let number = client; !over.signal.aborted; number++) {
      const method = number % 2 === 0 ? 'GET' : 'POST'
      const outcome = `${method} ${await ask(method).catch((error: Error) => error.message)}`
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      await sleep(pauseMs)
    }
  })

  return {
    async stop () {
      over.abort()
      await Promise.all(sending)
      agent.destroy()
      return outcomes
    }
  }

  // A POST that nginx may not repeat, and that needs no hash of a password.
  async function ask (method: 'GET' | 'POST') {
    return await new Promise<string>((resolve, reject) => {
      const path = api(method === 'GET' ? '/auth/check' : '/auth/refresh')
      const headers = method === 'GET' ? { authorization: `Bearer ${token}` } : { 'content-type': 'application/json' }
      const sent = request({ agent, host: '127.0.0.1', port, method, path, headers: { host: 'auth.example.com', ...headers } }, response => {
        response.resume().on('end', () => resolve(`${response.statusCode}${isRefusedBy(response)}`))
      })
      sent.on('error', reject).end(method === 'POST' ? '{"refresh_token":1}' : undefined)
    })
  }
}

/** Who could not answer: each answer of a node has the id of its request. */
function isRefusedBy ({ statusCode = 0, headers }: IncomingMessage) {
  if (statusCode < 500) return ''
  return headers['x-request-id'] === undefined ? ' of nginx' : ' of a node'
}
