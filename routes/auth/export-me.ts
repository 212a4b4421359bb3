import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { PersonalExport } from '../../lib/accounts/personal-exports.ts'
import { Time } from '../schemas/user.ts'

const row = (description?: string) => Type.Record(Type.String(), Type.Unknown(), {
  ...(description && { description })
})
const rows = (description: string) => Type.Array(row(), { description })

const Answer = Type.Unsafe<PersonalExport>(Type.Object({
  exported_at: Time,
  account: row('The account. Of the password only how it is hashed.'),
  known_devices: rows('Devices that have signed in.'),
  totp_secrets: rows('Authenticator apps, without their secrets.'),
  passkeys: rows('Passkeys, without their keys.'),
  recovery_codes: rows('Recovery codes that are left, by number.'),
  one_time_tokens: rows('Links in mails that still work, without the links.'),
  registrations: rows('Sign-ups with the address that wait for their code.'),
  jobs: rows('Mails that wait or could not be sent.'),
  sessions: rows('Sessions, living and ended.'),
  audit_events: rows('What the audit trail tells about the user, in clear.'),
  acts: rows('What the user has done to others or to all, without the others.')
}, {
  title: 'PersonalExport',
  description: 'Everything, under the names of the columns it is stored in.',
  headers: {
    'Content-Disposition': {
      type: 'string',
      examples: ['attachment; filename="personal-data.json"'],
      description: 'A browser saves it as a file.'
    }
  }
}))

const schema = {
  operationId: 'exportMe',
  tags: ['Profile'],
  summary: 'Everything stored about oneself',
  description: 'As a file that may be long. Needs a recent sign-in by everything that the account has: else 401 `reauthentication_required`. Five an hour.',
  response: { 200: Answer }
}

const exportMe: FastifyPluginAsyncTypebox = async app => {
  app.get('/me/export', { schema }, async ({ principal, caller }, reply) => {
    reply.type('application/json').header('content-disposition', 'attachment; filename="personal-data.json"')
    return await app.accounts.exportMe(principal, caller)
  })
}

export default exportMe
