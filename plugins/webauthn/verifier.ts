import fp from 'fastify-plugin'
import type { Config } from '../../lib/config/config.ts'
import { createWebauthnVerifier } from '../../lib/webauthn/verifier.ts'
import type { WebauthnVerifier } from '../../lib/webauthn/verifier.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly webauthn: WebauthnVerifier }
}

/** `app.webauthn`. The library is loaded for the first response that it is to verify, not in every process. */
export default fp<Pick<Config['passkeys'], 'rpId' | 'origins'>>(async function provideVerifier (app, { rpId, origins }) {
  app.decorate('webauthn', createWebauthnVerifier({
    load: () => import('@simplewebauthn/server'),
    rpId,
    origins,
    note: reason => app.log.debug({ err: reason }, 'a passkey was refused')
  }))
}, { name: 'verifier' })
