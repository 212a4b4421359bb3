import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Token } from '../schemas/input.ts'
import { codes } from '../schemas/refusals.ts'

const schema = {
  operationId: 'undoEmailChange',
  tags: ['Profile'],
  summary: 'Bring the old address back',
  description: 'With the token from the mail to the old address: before the change is confirmed and for seven days after, whatever the address has been changed to since. Every session ends (`email_restored`), no device is known any more, and passkeys, an authenticator app and recovery codes that were added since the change was requested are gone; all of them, if nobody had proved the old address. The password is gone as well, because the person who asked for the change knew it: the restored address gets a mail with a link to choose a new one. A disabled account gets its address back and stays disabled, without that mail. A token that is wrong, used or expired is 422 `token_invalid`; 409 `conflict`: somebody else has the address by now.',
  security: [],
  body: Type.Object({ token: Token }, { additionalProperties: false }),
  response: {
    200: Type.Object({ email: Type.String({ examples: ['ada@example.com'] }) }, {
      title: 'EmailRestored',
      description: 'The address that the account has again.'
    })
  },
  refusals: codes('token_invalid', 'conflict')
}

const undoEmailChange: FastifyPluginAsyncTypebox = async app => {
  app.post('/email/undo', { schema }, async ({ body, caller }) => {
    return await app.accounts.undoEmailChange(body.token, caller)
  })
}

export default undoEmailChange
