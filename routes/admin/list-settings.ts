import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { orNull } from '../schemas/types.ts'

const Setting = Type.Object({
  name: Type.String({ examples: ['ACCESS_TOKEN_TTL'] }),
  description: Type.String(),
  value: orNull(Type.String({
    description: 'As it is written in the settings; `null` if there is none. `***` for one that is masked.',
    examples: ['15m']
  })),
  masked: Type.Boolean({ description: 'Whether the value is a secret, or may contain one.', examples: [false] }),
  set: Type.Boolean({ description: 'Whether it has been set. Otherwise its default is in force.', examples: [false] })
}, { title: 'Setting', description: 'A setting and its value in force.' })

const SettingList = Type.Object({
  settings: Type.Array(Setting)
}, { title: 'SettingList', description: 'Every setting.' })

const schema = {
  operationId: 'listSettings',
  tags: ['Administration'],
  summary: 'List the settings in force',
  description: 'Needs `roles:write`. Those of the node that answers. No secret is shown, nor whether two are alike.',
  response: { 200: SettingList }
}

const listSettings: FastifyPluginAsyncTypebox = async app => {
  app.get('/settings', { schema }, async () => ({ settings: [...app.settings] }))
}

export default listSettings
