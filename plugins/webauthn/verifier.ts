import fp from 'fastify-plugin'
import type { Config } from '../../lib/config/config.ts'
import { createWebauthnVerifier } from '../../lib/webauthn/verifier.ts'
import type { WebauthnVerifier } from '../../lib/webauthn/verifier.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly webauthn: WebauthnVerifier }
}

/** `app.webauthn`: verifies what browsers answer about passkeys. */
export default fp<Pick<Config['passkeys'], 'rpId' | 'origins'>>(async function provideVerifier (app, { rpId, origins }) {
  app.decorate('webauthn', createWebauthnVerifier({
    rpId,
    origins,
    note: reason => app.log.debug({ err: reason }, 'a passkey was refused')
  }))
}, { name: 'verifier' })
