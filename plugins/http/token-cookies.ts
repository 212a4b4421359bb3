import cookie from '@fastify/cookie'
import fp from 'fastify-plugin'
import type { FastifyReply } from 'fastify'
import type { Config } from '../../lib/config/config.ts'
import { createTokenCookies } from '../../lib/http/token-cookies.ts'
import type { CarriedCookies, CookieKind } from '../../lib/http/token-cookies.ts'

declare module 'fastify' {
  interface FastifyRequest { cookiesCarried: CarriedCookies }
  interface FastifyReply {
    /** Sets one of our cookies for so many seconds. */
    keep (kind: CookieKind, value: string, seconds: number): FastifyReply
    /** Has the browser forget cookies of ours. */
    forget (...kinds: CookieKind[]): FastifyReply
  }
}

/** `request.cookiesCarried`, `reply.keep` and `reply.forget`: the tokens of a browser, which no script of it sees. */
export default fp<Config['browser']>(async function carryTokens (app, options) {
  const { names, attributes, scopes, read, twinsIn } = createTokenCookies(options)
  await app.register(cookie, { hook: false })

  app.decorateRequest('cookiesCarried', { getter () { return read(this.headers.cookie) } })
  app.decorateReply('keep', function (kind, value, seconds) { return write(this, kind, value, seconds) })
  app.decorateReply('forget', function (...kinds) {
    for (const kind of kinds) write(this, kind, '', 0)
    return this
  })

  // Two of one name: refused, and both are gone with the answer, whatever their scopes. Else the browser
  // would send them for ever.
  app.addHook('onRequest', (request, reply, done) => {
    try {
      if (request.headers.cookie !== undefined) read(request.headers.cookie)
    } catch (error) {
      for (const kind of twinsIn(request.headers.cookie ?? '')) {
        for (const scope of scopes) write(reply, kind, '', 0, scope)
      }
      throw error
    }
    done()
  })

  function write (reply: FastifyReply, kind: CookieKind, value: string, maxAge: number, scope = attributes) {
    return reply.header('set-cookie', app.serializeCookie(names[kind], value, { ...scope, maxAge }))
  }
}, { name: 'token-cookies' })
