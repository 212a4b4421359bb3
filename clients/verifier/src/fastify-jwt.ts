import type {} from '@fastify/jwt'
import type { Principal } from './judge.ts'

/** What `request.user` is behind the judge. */
export type VerifierPrincipal = Principal

declare module '@fastify/jwt' {
  interface FastifyJWT { user: VerifierPrincipal }
}
