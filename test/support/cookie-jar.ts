import type { FastifyInstance } from 'fastify'
import { api } from './helper.ts'

export interface SetCookie { name: string, value: string, attributes: string[] }

/** The headers that a browser adds to a request of a page from the API's own origin. */
export const sameOrigin = { 'sec-fetch-site': 'same-origin' }

/** The cookies of an answer, with their attributes in the order and spelling in which they were sent. */
export function setCookies ({ headers }: { headers: Record<string, unknown> }): SetCookie[] {
  return [headers['set-cookie'] ?? []].flat().map(line => {
    const [pair = '', ...attributes] = String(line).split('; ')
    const at = pair.indexOf('=')
    return { name: pair.slice(0, at), value: pair.slice(at + 1), attributes }
  })
}

/** The lifetime of a cookie in seconds; undefined if it has none. */
export function maxAgeOf ({ attributes }: SetCookie) {
  const text = attributes.find(attribute => attribute.startsWith('Max-Age='))?.slice('Max-Age='.length)
  return text === undefined ? undefined : Number(text)
}

export const cookieHeader = (cookies: Iterable<readonly [string, string]>) => [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')

/** A browser: it keeps the cookies that it gets and sends them all back. Its cookies never expire by themselves. */
export function openBrowser (app: FastifyInstance, signs: Record<string, string> = sameOrigin) {
  const cookies = new Map<string, string>()
  return { cookies, send, keep }

  async function send (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, payload?: object, { headers = {}, node = app }: { headers?: Record<string, string>, node?: FastifyInstance } = {}) {
    const answer = await node.inject({
      method,
      url: api(path),
      headers: { ...(cookies.size > 0 && { cookie: cookieHeader(cookies) }), ...signs, ...headers },
      ...(payload && { payload })
    })
    keep(answer)
    return answer
  }

  function keep (answer: { headers: Record<string, unknown> }) {
    for (const cookie of setCookies(answer)) {
      if (maxAgeOf(cookie) === 0) cookies.delete(cookie.name)
      else cookies.set(cookie.name, cookie.value)
    }
  }
}
