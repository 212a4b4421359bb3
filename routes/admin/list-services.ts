import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Cursor, Limit } from '../schemas/input.ts'
import { orNull } from '../schemas/types.ts'
import { Id, Time } from '../schemas/user.ts'

const ServiceCredential = Type.Object({
  id: Type.String({ ...Id, description: 'The service signs in with it: the user name in HTTP Basic.' }),
  name: Type.String({ description: 'Of the service. It may have several credentials.', examples: ['billing'] }),
  may_revoke: Type.Boolean({ description: 'Whether it may end the sessions of tokens.' }),
  may_follow: Type.Boolean({ description: 'Whether it may follow what has ended.' }),
  created_at: Time
}, { title: 'ServiceCredential', description: 'A credential of a service, without its secret.' })

const ServiceCredentialList = Type.Object({
  services: Type.Array(ServiceCredential),
  next_cursor: orNull(Type.String({
    description: 'Where the next page begins; null on the last one.',
    examples: ['…']
  }))
}, { title: 'ServiceCredentialList', description: 'A page of credentials.' })

const schema = {
  operationId: 'listServices',
  tags: ['Administration'],
  summary: 'List the credentials of services, by name',
  description: 'Needs `roles:write`. In pages: go on with `next_cursor` until it is `null`. Credentials are made and revoked at the command line.',
  querystring: Type.Object({
    limit: Type.Optional(Limit),
    cursor: Type.Optional(Cursor)
  }, { additionalProperties: false }),
  response: { 200: ServiceCredentialList }
}

const listServices: FastifyPluginAsyncTypebox = async app => {
  app.get('/services', { schema }, async ({ query: { limit = '50', cursor } }) => {
    return await app.serviceDirectory.list({ cursor, limit: Number(limit) })
  })
}

export default listServices
