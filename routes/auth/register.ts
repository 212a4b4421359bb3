import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { FullName, Locale, NewEmail, Password, UserType } from '../schemas/input.ts'
import { codes } from '../schemas/refusals.ts'
import { Id, User } from '../schemas/user.ts'

const Pending = Type.Object({
  registration_id: Id,
  user: Type.Object({
    email: Type.String({ examples: ['ada@example.com'] }),
    full_name: Type.String({ examples: ['Ada King'] }),
    user_type: Type.String({ examples: ['user'] }),
    email_verified: Type.Unsafe<boolean>(Type.Literal(false))
  })
}, {
  title: 'PendingRegistration',
  description: 'Waits for the mailed code; says nothing about whether the address has an account.'
})

const Made = Type.Object({ user: User }, {
  title: 'Registered',
  description: 'With EMAIL_VERIFICATION=optional the account is there at once.'
})

const schema = {
  operationId: 'register',
  tags: ['Sign-up'],
  summary: 'Sign up',
  description: 'The answer is the same for an address that has an account: its owner gets a mail instead of a code. `/auth/signup` is the same call.',
  security: [],
  body: Type.Object({
    email: NewEmail,
    password: Password,
    full_name: FullName,
    user_type: Type.Optional(UserType),
    locale: Type.Optional(Locale)
  }, {
    additionalProperties: false,
    examples: [{ email: 'ada@example.com', password: 'violet kettle orbit 1843', full_name: 'Ada King' }]
  }),
  response: {
    201: Type.Union([Pending, Made], { description: 'Taken down.' })
  },
  refusals: codes('overloaded', 'password_rejected', 'conflict')
}

const alias = {
  ...schema,
  operationId: 'signup',
  summary: 'Sign up: another name of /auth/register',
  description: 'The same call.'
}

const register: FastifyPluginAsyncTypebox = async app => {
  for (const [path, described] of [['/register', schema], ['/signup', alias]] as const) {
    app.post(path, { schema: described }, async ({ body, caller }, reply) => {
      reply.code(201)
      return await app.accounts.registrations.register({
        email: body.email,
        password: body.password,
        fullName: body.full_name,
        userType: body.user_type,
        locale: body.locale
      }, caller)
    })
  }
}

export default register
