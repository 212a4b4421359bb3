import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { oauthErrors } from '../schemas/oauth.ts'
import { oneOf, position } from '../schemas/types.ts'

const id = { format: 'uuid' }

const Change = Type.Object({
  kind: oneOf(['session_ended', 'user_epoch', 'everyone', 'user_changed', 'vendor_changed', 'keys_changed'], {
    description: 'What has changed. Ignore kinds that you do not know.'
  }),
  subject_id: Type.Optional(Type.String({ ...id, description: 'The session, user or vendor.' })),
  except_id: Type.Optional(Type.String({
    ...id,
    description: 'The one session of the user that survives the raise; its older tokens are refused.'
  })),
  number: Type.Optional(Type.Integer({ description: 'With `user_epoch` and `everyone`, older tokens have a lower one; with the others it is the new version.' })),
  reason: Type.Optional(Type.String({ description: 'Why the sessions have ended.', examples: ['signed_out'] })),
  vendor_status: Type.Optional(oneOf(['active', 'suspended'])),
  as_of: Type.Optional(Type.String({ ...position, description: 'With `keys_changed`: read the published keys again, with this as `as_of`.' }))
})

const Revocations = Type.Object({
  event: oneOf(['state', 'changes'], {
    description: '`state`: the cursor cannot be continued; forget what you have heard, these changes are everything. `changes`: what is new since the cursor.'
  }),
  cursor: Type.String({ ...position, description: 'Send it with the next question, to this node or to another one.' }),
  fresh_at: Type.String({ format: 'date-time', description: 'Everything that ended before is known.' }),
  age_ms: Type.Integer({ description: 'The same as milliseconds before this answer, by a clock that is never set.' }),
  changes: Type.Array(Change)
}, { title: 'Revocations' })

const schema = {
  operationId: 'getRevocations',
  tags: ['Services'],
  summary: 'What has ended',
  description: 'For services that were made with `--may-follow` and verify access tokens themselves. With `Accept: text/event-stream` it follows: `opened` with the time of this node’s monotonic clock; `state` with everything that ended within the last hour and with `keys_changed`, because keys may have been removed as well, or `changes` if the cursor can be continued; then `changes` as they come, and `alive` each second, but only while this node may judge tokens itself. `alive` tells up to when all ends are known: `fresh_at`, and `clock`, to be compared with that of `opened`. Refuse tokens (503) when that is too long ago. `Last-Event-ID` continues at any node. Otherwise the answer is the tail after `cursor`, at once.',
  security: [{ service: [] }],
  headers: Type.Object({
    accept: Type.Optional(Type.String()),
    'last-event-id': Type.Optional(Type.String({ ...position, description: 'The last `id` of a stream.' }))
  }),
  querystring: Type.Object({
    cursor: Type.Optional(Type.String({ ...position, description: 'The last cursor. Without one, everything is told.' }))
  }, { additionalProperties: false }),
  response: {
    200: Type.Unsafe<unknown>({
      description: 'What has ended, until now or from now on.',
      content: {
        'application/json': { schema: Revocations },
        'text/event-stream': { schema: Type.String() }
      }
    }),
    ...oauthErrors
  }
}

const revocations: FastifyPluginAsyncTypebox = async app => {
  // Fastify would answer HEAD by this handler, and keep a stream open that nobody reads.
  const options = { schema, config: { errors: 'oauth' }, exposeHeadRoute: false } as const

  app.get('/revocations', options, async ({ service, headers, query, raw: { socket } }, reply) => {
    const after = headers['last-event-id'] ?? query.cursor
    if (!/text\/event-stream/i.test(headers.accept ?? '')) {
      reply.type('application/json; charset=utf-8')
      return app.followers.read(service, after)
    }
    reply.type('text/event-stream; charset=utf-8').header('x-accel-buffering', 'no')
    return app.followers.follow(service, after, socket)
  })
}

export default revocations
