import cookie from '@fastify/cookie'
import fp from 'fastify-plugin'
import type { FastifyReply } from 'fastify'
import type { Config } from '../../lib/config/config.ts'
import { Refusal } from '../../lib/errors.ts'
import { createTokenCookies } from '../../lib/http/token-cookies.ts'
import type { CarriedCookies, CookieKind, IssueTimes, TokenCookies } from '../../lib/http/token-cookies.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Says how to tell when cookies were issued. Of several cookies of one kind the one issued last is read. */
    readonly dateCookies: (issueTimes: IssueTimes) => void
  }
  interface FastifyRequest {
    /** Our cookies in the request. */
    readonly cookiesCarried: CarriedCookies
    /** Keeps `cookiesCarried` after the Cookie header has been parsed; null before. */
    parsedCookies: CarriedCookies | null
    /** The kinds of our cookies of which the request carries several. */
    twinCookies: CookieKind[]
  }
  interface FastifyReply {
    /** Sets one of our cookies, which the browser keeps for `seconds`. */
    keep (kind: CookieKind, value: string, seconds: number): FastifyReply
    /** Makes the browser remove our cookies of these kinds. */
    forget (...kinds: CookieKind[]): FastifyReply
  }
}

export type TokenCookiesOptions = Config['browser'] & Pick<Config['http'], 'issuer'>

type Scope = TokenCookies['attributes']

// The types of the package have only the options for writing.
const asSent = { encode: encodeURIComponent, decode: (value: string) => value }

/**
 * `request.cookiesCarried`, `reply.keep` and `reply.forget`: the tokens of a browser, hidden from its scripts. A value
 * is read as it was sent: our values need no decoding, so a value that needs it is not ours.
 */
export default fp<TokenCookiesOptions>(async function carryTokens (app, options) {
  await app.register(cookie, { hook: false, parseOptions: asSent })
  const { names, attributes, scopes, find, choose, twinsIn } =
    createTokenCookies(options, pair => app.parseCookie(pair))
  const otherScopes = scopes.filter(({ domain, partitioned = false }) => {
    return domain !== attributes.domain || partitioned !== (attributes.partitioned ?? false)
  })
  const issueTimes: IssueTimes = {}

  app.decorate('dateCookies', given => { Object.assign(issueTimes, given) })
  app.decorateRequest('twinCookies')
  app.decorateRequest('parsedCookies', null)
  app.decorateRequest('cookiesCarried', {
    getter () {
      this.parsedCookies ??= choose(find(this.headers.cookie), issueTimes)
      return this.parsedCookies
    }
  })
  app.decorateReply('keep', function (kind, value, seconds) { return write(this, kind, value, seconds) })
  app.decorateReply('forget', function (...kinds) {
    for (const kind of kinds) write(this, kind, '', 0)
    return this
  })

  // Several cookies of one name of which none can be chosen are refused, and the answer removes them, whatever their
  // scopes. Otherwise the browser would send them for ever. If it cannot be known now which to choose, they stay.
  app.addHook('onRequest', (request, reply, done) => {
    const found = find(request.headers.cookie)
    request.twinCookies = twinsIn(found)
    try {
      request.parsedCookies = choose(found, issueTimes)
    } catch (error) {
      if (isMalformed(error)) for (const kind of request.twinCookies) expire(reply, kind, scopes)
      throw error
    }
    done()
  })

  /** Writes one cookie, and removes those of the same name that other settings have left in the browser. */
  function write (reply: FastifyReply, kind: CookieKind, value: string, maxAge: number) {
    if (reply.request.twinCookies.includes(kind)) expire(reply, kind, otherScopes)
    return setCookie(reply, kind, value, { ...attributes, maxAge })
  }

  function expire (reply: FastifyReply, kind: CookieKind, expiring: Scope[]) {
    for (const scope of expiring) setCookie(reply, kind, '', { ...scope, maxAge: 0 })
  }

  function setCookie (reply: FastifyReply, kind: CookieKind, value: string, options: Scope & { maxAge: number }) {
    return reply.header('set-cookie', app.serializeCookie(names[kind], value, options))
  }
}, { name: 'token-cookies' })

function isMalformed (error: unknown) {
  return error instanceof Refusal && error.code === 'malformed_request'
}
