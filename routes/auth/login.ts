import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { DeviceName, Email, Password, RefreshTransport, Token, UserType } from '../schemas/input.ts'
import { problems } from '../schemas/problem.ts'
import { TokenAnswer } from '../schemas/session.ts'

const schema = {
  tags: ['session'],
  summary: 'Sign in',
  body: Type.Object({
    email: Email,
    password: Password,
    transport: Type.Optional(RefreshTransport),
    device_name: Type.Optional(DeviceName),
    device_token: Type.Optional(Token),
    user_type: Type.Optional(UserType)
  }, { additionalProperties: false }),
  response: { 200: TokenAnswer, ...problems(401, 403, 422, 503) }
}

const login: FastifyPluginAsyncTypebox = async app => {
  app.post('/login', { schema }, async ({ body, client }) => await app.accounts.login({
    email: body.email,
    password: body.password,
    transport: body.transport ?? 'bearer',
    deviceName: body.device_name ?? null,
    deviceToken: body.device_token,
    userType: body.user_type
  }, client))
}

export default login
