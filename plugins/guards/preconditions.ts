import fp from 'fastify-plugin'
import { entityTag, readIfMatch } from '../../lib/http/entity-tags.ts'
import type { IfMatch } from '../../lib/http/entity-tags.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * What the request demands of the current representation; null if nothing.
     * @throws Refusal `malformed_request`
     */
    readonly ifMatch: IfMatch | null
  }
  interface FastifyReply {
    /** Sends the tag of the representation that is answered, for the `If-Match` of a later change. */
    tag (representation: object): FastifyReply
  }
}

/** Entity tags, with which a client changes only what it has seen. */
export default fp(async function readPreconditions (app) {
  app.decorateRequest('ifMatch', {
    getter () {
      return readIfMatch(this.headers['if-match'])
    }
  })
  app.decorateReply('tag', function (representation) {
    return this.header('etag', entityTag(representation))
  })
}, { name: 'preconditions' })
