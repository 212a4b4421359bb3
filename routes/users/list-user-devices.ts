import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { DeviceList } from '../schemas/device.ts'
import { UserParams } from '../schemas/user.ts'

const schema = {
  operationId: 'listUserDevices',
  tags: ['Users'],
  summary: 'The devices that an account knows',
  description: 'Needs `users:read`. Ten at most. No address: where a user is signed in from, `/users/{id}/sessions` tells those who rank above the user.',
  params: UserParams,
  response: { 200: DeviceList }
}

const listUserDevices: FastifyPluginAsyncTypebox = async app => {
  app.get('/:id/devices', { schema, config: { subject: 'id' } }, async ({ params }) => {
    return await app.deviceSummaries.describeOther(params.id)
  })
}

export default listUserDevices
