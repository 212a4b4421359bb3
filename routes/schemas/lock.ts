import { Type } from '@sinclair/typebox'
import { oneOf, orNull } from './types.ts'
import { Id, Time } from './user.ts'

export const AccountLock = Type.Object({
  locked: Type.Boolean({ description: 'Whether some sign-ins are refused now, whatever they bring.', examples: [true] }),
  buckets: Type.Array(Type.Object({
    method: oneOf(['password', 'totp', 'recovery_code'], { description: 'What was wrong.' }),
    kind: oneOf(['strangers', 'device'], {
      description: '`strangers`: all devices that the account does not know, together. `device`: one that it knows.'
    }),
    device_id: orNull(Type.String({ ...Id, description: 'From the list of the user’s devices; `null` for strangers.' })),
    locked: Type.Boolean({ description: 'Whether it refuses every try now.', examples: [true] }),
    locked_until: orNull(Type.String({
      ...Time,
      description: 'When it opens by itself. `null` while it is open, and for codes of strangers after a hundred wrong ones, which only `unlock` or a new password admits again.'
    })),
    failures: Type.Integer({ description: 'Failures since it was last locked, or since the last success.', examples: [0] }),
    locks: Type.Integer({ description: 'How often in a row it was locked; each time is twice as long.', examples: [1] })
  }, { title: 'AccountBucket' }), { description: 'Those in which failures count; empty if there are none.' })
}, { title: 'AccountLock', description: 'How sign-ins to the account are held back.' })
