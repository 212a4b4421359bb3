import type { FastifyInstance } from 'fastify'
import { freshAddress, password, signIn, signUp } from './helper.ts'
import type { Tokens } from './helper.ts'

/** Somebody of a role. */
export interface Person { id: string, email: string, password: string, role: string }

/** Somebody of a role who is signed in. */
export type Signed = Person & Tokens

/** An account of a role, with nobody's help: as if it had always been there. */
export async function person (app: FastifyInstance, role = 'user'): Promise<Person> {
  const { user, email } = await signUp(app)
  const approval = role === 'vendor' ? 'approved' : 'not_required'
  await app.database`update users set role = ${role}, approval = ${approval} where id = ${user.id}`
  return { id: user.id, email, password, role }
}

/** Somebody of a role, signed in. */
export async function signed (app: FastifyInstance, role = 'user'): Promise<Signed> {
  return await enter(app, await person(app, role))
}

export async function enter (app: FastifyInstance, who: Person): Promise<Signed> {
  return { ...who, ...await signIn(app, who) }
}

/** The row of an account, as it is. */
export async function rowOf (app: FastifyInstance, id: string) {
  const [row] = await app.database<{ role: string, status: string, approval: string, version: number, sessionEpoch: number, passwordHash: string | null, emailVerified: boolean, email: string, fullName: string, vendorId: string | null, locale: string, mustChangePassword: boolean }>`select * from users where id = ${id}`
  return row
}

/** A vendor's organisation. */
export async function vendor (app: FastifyInstance): Promise<string> {
  const [made] = await app.database<{ id: string }>`insert into vendors (name) values (${freshAddress()}) returning id`
  return made?.id ?? ''
}

/** An answer in brief. */
export function brief (answer: { statusCode: number, body: string }) {
  const { code, reason } = answer.body === '' ? {} as Record<string, undefined> : JSON.parse(answer.body)
  return { status: answer.statusCode, ...code && { code }, ...reason && { reason } }
}
