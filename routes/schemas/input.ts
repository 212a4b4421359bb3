import { Type } from '@sinclair/typebox'
import { oneOf } from './types.ts'

/** The schema only bounds the length of an address. `parseAddress` in lib/users/email-address.ts validates it. */
export const Email = Type.String({ minLength: 3, maxLength: 320, examples: ['ada@example.com'] })

/** An address that is to become the one of an account. `parseNewAddress` validates it. */
export const NewEmail = Type.String({
  minLength: 3,
  maxLength: 320,
  description: 'In ASCII before the @, because many mail servers deliver to no other address (`local_part_not_ascii`). An international domain is stored as A-labels, `xn--…`.',
  examples: ['ada@example.com']
})

/** The schema only bounds the length of a password. Its rules are checked later, see `password_rejected`. */
export const Password = Type.String({
  minLength: 1,
  maxLength: 1024,
  format: 'password',
  examples: ['violet kettle orbit 1843']
})

// One line of text. The format `line` is checked by `isOneLine` in lib/formats/one-line.ts, and is the whole rule. The
// pattern is what every language can check of it from the document, so it is ASCII and needs no flag: at least one
// character that is no blank, and no control characters. The dot excludes line separators.
const line = { format: 'line', pattern: '^(?=.*\\S.*$)[^\\x00-\\x1f\\x7f-\\x9f]*$' }

// plugins/http/canonical-forms.ts composes a line before its length is judged.
const inNfc = 'One line; it is stored and compared in Unicode’s form NFC.'

/** A name as people write it. */
export const FullName = Type.String({
  minLength: 1,
  maxLength: 200,
  ...line,
  description: inNfc,
  examples: ['Ada King']
})

/** The name of an organisation. */
export const VendorName = Type.String({
  minLength: 1,
  maxLength: 200,
  ...line,
  description: inNfc,
  examples: ['Quill and Sons']
})

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
  ...line,
  description: 'How the owner will know this device in the list of sessions.',
  examples: ['Ada’s phone']
})

/** A token. The schema only bounds its length: a text that is no token is refused like an invalid one. */
export const Token = Type.String({ minLength: 1, maxLength: 4096, examples: ['…'] })

export const Transport = oneOf(['bearer', 'cookie'], {
  description: '`bearer` (also when left out): tokens travel in JSON and in the Authorization header. `cookie`: in httpOnly cookies, never in JSON.'
})

/** The body of a request whose path says everything: `{}`, `null` or none. */
export const NoBody = Type.Optional(Type.Union([Type.Null(), Type.Object({}, { additionalProperties: false })]))

/** The body of a request that may give a reason. The reason is mailed to the user. */
export const Reason = Type.Optional(Type.Union([Type.Null(), Type.Object({
  reason: Type.Optional(Type.String({
    minLength: 1,
    maxLength: 500,
    ...line,
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

/** The parameters of a query are texts, even if they mean numbers. */
export const Limit = Type.String({
  pattern: '^([1-9][0-9]?|1[0-9]{2}|200)$',
  default: '50',
  description: 'How many entries a page has at most: 1 to 200.',
  examples: ['50']
})

// The longest that we make has 1167 characters: after a name of 200 characters, each of four bytes.
export const Cursor = Type.String({
  minLength: 1,
  maxLength: 2048,
  pattern: '^[A-Za-z0-9_-]+$',
  description: 'The `next_cursor` of the page before.'
})

export const SearchText = { minLength: 1, maxLength: 100, ...line, examples: ['ada'] }
