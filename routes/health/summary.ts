import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Health } from '../../lib/operations/health.ts'
import { oneOf } from '../schemas/types.ts'

const stores = ['database', 'redis'] as const
const Connection = oneOf(['connected', 'unreachable'])
const Summary = Type.Object({
  status: oneOf(['healthy', 'degraded', 'unhealthy']),
  authentication: Type.Literal('JWT-enabled'),
  database: Connection,
  redis: Connection,
  mail: oneOf(['connected', 'unreachable', 'not_configured']),
  mail_reason: Type.Optional(Type.String({
    description: 'Why no mail can be sent: `certificate`, `sign_in`, `refused` or `unreachable`.',
    examples: ['certificate']
  })),
  refuses_writes: Type.Optional(Type.Array(oneOf(stores), {
    description: 'The stores that answer and take no writes: nobody can sign in. It does not count for `status`.',
    examples: [['redis']]
  })),
  version: Type.String(),
  uptime_seconds: Type.Integer()
}, { title: 'Health', description: 'How this node is.' })

const schema = {
  operationId: 'getHealth',
  summary: 'How this node is',
  description: '`degraded`: Postgres or Redis does not answer, or the schema does not serve this code, or this node does not know what has ended, or its clock is wrong. `unhealthy`: it cannot sign or verify. Mail shows in `mail` only.',
  tags: ['Health'],
  security: [],
  response: { 200: Summary, 503: Summary }
}

const summary: FastifyPluginAsyncTypebox<{ version: string }> = async (app, { version }) => {
  app.get('/', { schema }, async (_request, reply) => {
    const status = app.health.overall()
    const mailReason = app.health.reasonOf('mail')
    const refusing = stores.filter(store => app.writeWatches[store].takesWrites() === false)
    if (status !== 'healthy') reply.code(503).header('retry-after', '1')

    return {
      status,
      authentication: 'JWT-enabled' as const,
      database: connection(app.health, 'database'),
      redis: connection(app.health, 'redis'),
      mail: app.health.isUp('mail') === undefined ? 'not_configured' as const : connection(app.health, 'mail'),
      ...(mailReason !== null && { mail_reason: mailReason }),
      ...(refusing.length > 0 && { refuses_writes: refusing }),
      version,
      uptime_seconds: Math.floor(process.uptime())
    }
  })
}

export default summary

function connection (health: Health, name: string): 'connected' | 'unreachable' {
  return health.isUp(name) === true ? 'connected' : 'unreachable'
}
