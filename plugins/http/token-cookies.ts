import cookie from '@fastify/cookie'
import fp from 'fastify-plugin'
import type { FastifyReply } from 'fastify'
import type { Config } from '../../lib/config/config.ts'
import { createTokenCookies } from '../../lib/http/token-cookies.ts'
import type { CarriedCookies, CookieKind } from '../../lib/http/token-cookies.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Our cookies in the request. */
    readonly cookiesCarried: CarriedCookies
    /** Keeps `cookiesCarried` after the Cookie header has been parsed; null before. */
    parsedCookies: CarriedCookies | null
  }
  interface FastifyReply {
    /** Sets one of our cookies, which the browser keeps for `seconds`. */
    keep (kind: CookieKind, value: string, seconds: number): FastifyReply
    /** Makes the browser remove our cookies of these kinds. */
    forget (...kinds: CookieKind[]): FastifyReply
  }
}

// The types of the package have only the options for writing.
const asSent = { encode: encodeURIComponent, decode: (value: string) => value }

/**
 * `request.cookiesCarried`, `reply.keep` and `reply.forget`: the tokens of a browser, hidden from its scripts. A value
 * is read as it was sent: our values need no decoding, so a value that needs it is not ours.
 */
export default fp<Config['browser']>(async function carryTokens (app, options) {
  await app.register(cookie, { hook: false, parseOptions: asSent })
  const { names, attributes, scopes, read, twinsIn } = createTokenCookies(options, pair => app.parseCookie(pair))

  app.decorateRequest('parsedCookies', null)
  app.decorateRequest('cookiesCarried', {
    getter () {
      this.parsedCookies ??= read(this.headers.cookie)
      return this.parsedCookies
    }
  })
  app.decorateReply('keep', function (kind, value, seconds) { return write(this, kind, value, seconds) })
  app.decorateReply('forget', function (...kinds) {
    for (const kind of kinds) write(this, kind, '', 0)
    return this
  })

  // Two cookies of one name are refused, and the answer removes both, whatever their scopes. Otherwise the browser
  // would send them for ever.
  app.addHook('onRequest', (request, reply, done) => {
    try {
      request.parsedCookies = read(request.headers.cookie)
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
