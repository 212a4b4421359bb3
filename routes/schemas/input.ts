import { Type } from '@sinclair/typebox'
import { oneOf } from './types.ts'

/** An address is judged by the server's one canonical function; the schema only bounds it. */
export const Email = Type.String({ minLength: 3, maxLength: 320, examples: ['ada@example.com'] })

/** Anything goes in a password; its rules are told by `password_rejected`. Longer than any is refused here. */
export const Password = Type.String({
  minLength: 1,
  maxLength: 1024,
  format: 'password',
  examples: ['violet kettle orbit 1843']
})

// One line of text: something visible, no control characters, no half characters.
const line = '^(?=.*[^\\s])[^\\p{Cc}\\p{Cs}\\u2028\\u2029]*$'

/** A name as people write it. */
export const FullName = Type.String({ minLength: 1, maxLength: 200, pattern: line, examples: ['Ada King'] })

/** What an organisation calls itself. */
export const VendorName = Type.String({ minLength: 1, maxLength: 200, pattern: line, examples: ['Quill and Sons'] })

/** A BCP 47 language tag. */
export const Locale = Type.String({
  maxLength: 35,
  pattern: '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$',
  description: 'A language tag (BCP 47) for mails.',
  examples: ['en']
})

export const UserType = Type.String({
  maxLength: 40,
  pattern: '^[a-z][a-z0-9_]*$',
  description: 'The kind of user that an application is for.',
  examples: ['user']
})

export const DeviceName = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: line,
  description: 'How the owner will know this device in the list of sessions.',
  examples: ['Ada’s phone']
})

/** A token of ours; whatever else is sent is refused as one that is not valid. */
export const Token = Type.String({ minLength: 1, maxLength: 4096, examples: ['…'] })

export const Transport = oneOf(['bearer', 'cookie'], {
  description: '`bearer` (also when left out): tokens travel in JSON and in the Authorization header. `cookie`: in httpOnly cookies, never in JSON.'
})

/** A request that says all there is to say by its path: `{}`, `null` and nothing are one. */
export const NoBody = Type.Optional(Type.Union([Type.Null(), Type.Object({}, { additionalProperties: false })]))

/** Why, in a line that its reader gets. */
export const Reason = Type.Optional(Type.Union([Type.Null(), Type.Object({
  reason: Type.Optional(Type.String({
    minLength: 1,
    maxLength: 500,
    pattern: line,
    description: 'Why: it stands in the mail.',
    examples: ['The documents are out of date.']
  }))
}, { additionalProperties: false })]))

export const RoleName = Type.String({
  maxLength: 40,
  pattern: '^[a-z][a-z0-9_]*$',
  description: 'A role of the deployment.',
  examples: ['user']
})

/** Parameters of a query are text, whatever they mean. */
export const Limit = Type.String({
  pattern: '^([1-9][0-9]?|1[0-9]{2}|200)$',
  default: '50',
  description: 'So many at most: 1 to 200.',
  examples: ['50']
})

export const Cursor = Type.String({
  minLength: 1,
  maxLength: 1024,
  pattern: '^[A-Za-z0-9_-]+$',
  description: 'The `next_cursor` of the page before.'
})

export const SearchText = { minLength: 1, maxLength: 100, pattern: line, examples: ['ada'] }
