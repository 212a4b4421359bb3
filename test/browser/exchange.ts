import { request as requestHttp } from 'node:http'
import type { IncomingHttpHeaders, RequestOptions } from 'node:http'
import { request as requestHttps } from 'node:https'
import { text } from 'node:stream/consumers'

export interface Answer { status: number, headers: IncomingHttpHeaders, body: Record<string, unknown> }

/** One request over a connection of its own, from `localAddress`, and with `ca` over TLS. */
export async function exchange (
  { ca, body, headers, ...options }: RequestOptions & { ca?: string, body?: object }
): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const to = {
      host: '127.0.0.1',
      method: body ? 'POST' : 'GET',
      agent: false,
      ...options,
      headers: { host: 'auth.example.com', ...(body && { 'content-type': 'application/json' }), ...headers as object }
    }
    const request = ca === undefined ? requestHttp(to) : requestHttps({ ...to, ca, servername: 'auth.example.com' })

    request.on('error', reject).on('response', async response => {
      const answer = await text(response)
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: parse(answer) })
    })
    request.end(body && JSON.stringify(body))
  })
}

function parse (answer: string) {
  try {
    return JSON.parse(answer)
  } catch {
    return { text: answer }
  }
}
