import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Email, FullName, Locale, Password, UserType } from '../schemas/input.ts'
import { problems } from '../schemas/problem.ts'
import { Id, User } from '../schemas/user.ts'

const Pending = Type.Object({
  registration_id: Id,
  user: Type.Object({
    email: Type.String(),
    full_name: Type.String(),
    user_type: Type.String(),
    email_verified: Type.Literal(false)
  })
}, { title: 'Registration', description: 'Waits for the mailed code; says nothing about whether the address has an account.' })

const Made = Type.Object({ user: User }, { title: 'Registered', description: 'With EMAIL_VERIFICATION=optional the account is there at once.' })

const schema = {
  tags: ['sign-up'],
  summary: 'Sign up',
  body: Type.Object({
    email: Email,
    password: Password,
    full_name: FullName,
    user_type: Type.Optional(UserType),
    locale: Type.Optional(Locale)
  }, { additionalProperties: false }),
  response: { 201: Type.Union([Pending, Made]), ...problems(409, 422, 503) }
}

const register: FastifyPluginAsyncTypebox = async app => {
  for (const path of ['/register', '/signup']) {
    app.post(path, { schema }, async ({ body, client }, reply) => {
      reply.code(201)
      return await app.accounts.register({
        email: body.email, password: body.password, fullName: body.full_name, userType: body.user_type, locale: body.locale
      }, client)
    })
  }
}

export default register
