import type { FastifyInstance } from 'fastify'
import { as, freshAddress, post } from '../helper.ts'
import type { Tokens } from '../helper.ts'
import { mailJobs } from '../trail/evidence.ts'

/** The contents of two mailboxes after a change of address was asked for. */
export interface Asked { to: string, change: string, undo: string }

/** Asks for a change of address; the tokens are made from the jobs, as the mailer does. */
export async function askForChange (app: FastifyInstance, { access_token: token }: Pick<Tokens, 'access_token'>, to = freshAddress()): Promise<Asked> {
  const before = (await mailJobs(app)).length
  const answer = await as(app, token, 'POST', '/auth/email/change', { new_email: to })
  if (answer.statusCode !== 202) throw new Error(`the change answered ${answer.statusCode}: ${answer.body}`)

  const jobs = (await mailJobs(app)).slice(before)
  const idOf = (kind: string) => jobs.find(job => job.kind === kind)?.['tokenId'] ?? ''
  return { to, change: app.oneTimeTokens.tokenOf('email_change', idOf('confirm_email')), undo: app.oneTimeTokens.tokenOf('email_undo', idOf('email_changed')) }
}

/** Like `askForChange`, and the new address confirms. */
export async function changeAddress (app: FastifyInstance, session: Pick<Tokens, 'access_token'>, to?: string): Promise<Asked> {
  const asked = await askForChange(app, session, to)
  const answer = await confirmChange(app, asked.change)
  if (answer.statusCode !== 200) throw new Error(`the confirmation answered ${answer.statusCode}: ${answer.body}`)
  return asked
}

export const confirmChange = async (app: FastifyInstance, token: string) => await post(app, '/auth/email/confirm', { token })

export const undoChange = async (app: FastifyInstance, token: string) => await post(app, '/auth/email/undo', { token })

/**
 * Everything that a refused token must leave unchanged, as one comparable text: the account, its tokens, devices,
 * sessions and mails.
 */
export async function stateOf (app: FastifyInstance, userId: string) {
  const [user] = await app.database`select email, email_canonical, email_verified, version, session_epoch, status, password_hash from users where id = ${userId}`
  const tokens = await app.database`select id, purpose, email, expires_at, taken_by is null as is_free from one_time_tokens where user_id = ${userId} order by id`
  const devices = await app.database`select device_id from known_devices where user_id = ${userId} order by device_id`
  const sessions = await app.database`select id, user_epoch, ended_at from sessions where user_id = ${userId} order by id`
  return JSON.stringify({ user, tokens, devices, sessions, mails: (await mailJobs(app)).length })
}

/** An answer without the parts that differ from request to request. */
export const bare = (answer: { statusCode: number, json: () => object }) => JSON.stringify({ ...answer.json(), status: answer.statusCode, request_id: '' })
