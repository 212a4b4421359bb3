import { Type } from '@sinclair/typebox'
import { orNull } from './types.ts'
import { Id, Time } from './user.ts'

export const DeviceList = Type.Object({
  devices: Type.Array(Type.Object({
    id: Type.String({ ...Id, description: 'The same in all accounts that know the device. It opens nothing.' }),
    known_since: Type.String({ ...Time, description: 'Since when the account has known it without a break.' }),
    last_used_at: Type.String({ ...Time, description: 'When it last did so.' }),
    second_factor_at: orNull(Type.String({ ...Time, description: 'When it last passed a second factor.' })),
    remembered_until: orNull(Type.String({
      ...Time,
      description: 'Until then it is not asked for the second factor; `null` if it is.'
    })),
    signed_in: Type.Boolean({ description: 'Whether a session lives on it.', examples: [true] }),
    device_name: orNull(Type.String({
      description: 'From the session that was used last; `null` while there is none.',
      examples: ['Ada’s phone']
    })),
    user_agent: orNull(Type.String({ description: 'Likewise.' }))
  }, { title: 'Device' }))
}, { title: 'DeviceList', description: 'The devices that have signed in or confirmed the address, the last one first.' })
