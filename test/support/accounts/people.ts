import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { freshAddress, password, signIn, signUp } from '../helper.ts'
import type { Tokens } from '../helper.ts'

/** A user with a role. */
export interface Person { id: string, email: string, password: string, role: string }

/** A user with a role, signed in. */
export type Signed = Person & Tokens

/** An account with a role, written directly, as if it had always been there. */
export async function person (app: FastifyInstance, role = 'user'): Promise<Person> {
  const { user, email } = await signUp(app)
  const approval = role === 'vendor' ? 'approved' : 'not_required'
  await app.database`update users set role = ${role}, approval = ${approval} where id = ${user.id}`
  return { id: user.id, email, password, role }
}

/** A new user with a role, signed in. */
export async function signed (app: FastifyInstance, role = 'user'): Promise<Signed> {
  return await enter(app, await person(app, role))
}

export async function enter (app: FastifyInstance, who: Person): Promise<Signed> {
  return { ...who, ...await signIn(app, who) }
}

/** The row of an account. */
export async function rowOf (app: FastifyInstance, id: string) {
  const [row] = await app.database<{ role: string, status: string, approval: string, version: number, sessionEpoch: number, passwordHash: string | null, emailVerified: boolean, email: string, fullName: string, vendorId: string | null, locale: string, mustChangePassword: boolean }>`select * from users where id = ${id}`
  return row
}

/** A vendor's organisation. */
export async function vendor (app: FastifyInstance): Promise<string> {
  const [made] = await app.database<{ id: string }>`insert into vendors (name) values (${freshAddress()}) returning id`
  return made?.id ?? ''
}

/** Status, code and reason of an answer. */
export function brief (answer: { statusCode: number, body: string }) {
  const { code, reason } = answer.body === '' ? {} as Record<string, undefined> : JSON.parse(answer.body)
  return { status: answer.statusCode, ...code && { code }, ...reason && { reason } }
}

const chiefs = new WeakMap<FastifyInstance, Promise<string>>()

/** Disables an account, in the name of the given super_admin or of a default one. */
export async function disable (app: FastifyInstance, userId: string, actorId?: string) {
  return await app.userAdministration.disable(userId, by(actorId ?? await chiefOf(app)))
}

/** A super_admin as actor, with the address of their request. */
export function by (userId: string, ip = '127.0.0.1') {
  return { principal: { userId, sessionId: randomUUID(), role: 'super_admin', acr: 'phr', authTime: Number.MAX_SAFE_INTEGER }, caller: { ip, userAgent: 'their browser', requestId: randomUUID() } }
}

/** An administrator who only acts: they never sign in, so no password is hashed for them. */
async function chiefOf (app: FastifyInstance) {
  const chief = chiefs.get(app) ?? makeChief(app)
  chiefs.set(app, chief)
  return await chief
}

async function makeChief (app: FastifyInstance) {
  const [id, address] = [randomUUID(), freshAddress()]
  await app.database`insert into users (id, email, email_canonical, full_name, role) values (${id}, ${address}, ${address}, 'The chief', 'super_admin')`
  return id
}
