import type { FastifyPluginAsync } from 'fastify'
import changePassword from './change-password.ts'
import jwks from './jwks.ts'
import securityTxt from './security-txt.ts'
import webauthn from './webauthn.ts'
import type { Config } from '../../lib/config/config.ts'

/** Registered under /.well-known (RFC 8615). Needs no credentials. */
const wellKnown: FastifyPluginAsync<Config['wellKnown']> = async (app, options) => {
  const { appUrl, issuer, securityContact, relatedOrigins } = options

  await app.register(jwks)
  await app.register(changePassword, { appUrl })
  await app.register(securityTxt, { issuer, securityContact })
  await app.register(webauthn, { relatedOrigins })
}

export default wellKnown
