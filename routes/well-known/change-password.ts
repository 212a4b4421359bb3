import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

// W3C, A Well-Known URL for Changing Passwords: password managers open it to find the form.
const schema = {
  operationId: 'openChangePasswordForm',
  summary: 'Where to change the password',
  description: 'For password managers: to the web application.',
  tags: ['Well-known'],
  security: [],
  response: {
    302: Type.Null({
      description: 'To APP_URL + /change-password.',
      headers: { Location: { type: 'string', format: 'uri', description: 'The form.' } }
    })
  }
}

const changePassword: FastifyPluginAsyncTypebox<{ appUrl: string }> = async (app, { appUrl }) => {
  app.get('/change-password', { schema }, async (_request, reply) => reply.redirect(`${appUrl}/change-password`, 302))
}

export default changePassword
