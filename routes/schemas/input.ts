import { Type } from '@sinclair/typebox'
import { oneOf } from './types.ts'

/** An address is judged by the server's one canonical function; the schema only bounds it. */
export const Email = Type.String({ minLength: 3, maxLength: 320, examples: ['ada@example.com'] })

/** Anything goes in a password; its rules are told by `password_rejected`. Longer than any is refused here. */
export const Password = Type.String({ minLength: 1, maxLength: 1024, format: 'password', examples: ['violet kettle orbit 1843'] })

// One line of text: something visible, no control characters, no half characters.
const line = '^(?=.*[^\\s])[^\\p{Cc}\\p{Cs}\\u2028\\u2029]*$'

/** A name as people write it. */
export const FullName = Type.String({ minLength: 1, maxLength: 200, pattern: line, examples: ['Ada King'] })

/** A BCP 47 language tag. */
export const Locale = Type.String({ maxLength: 35, pattern: '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$', description: 'A language tag (BCP 47) for mails.', examples: ['en'] })

export const UserType = Type.String({ maxLength: 40, pattern: '^[a-z][a-z0-9_]*$', description: 'The kind of user that an application is for.', examples: ['user'] })

export const DeviceName = Type.String({ minLength: 1, maxLength: 200, pattern: line, description: 'How the owner will know this device in the list of sessions.', examples: ['Ada’s phone'] })

/** A token of ours; whatever else is sent is refused as one that is not valid. */
export const Token = Type.String({ minLength: 1, maxLength: 4096, examples: ['…'] })

export const Transport = oneOf(['bearer', 'cookie'], { description: '`bearer` (also when left out): tokens travel in JSON and in the Authorization header. `cookie`: in httpOnly cookies, never in JSON.' })
