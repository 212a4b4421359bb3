import type { FastifyInstance } from 'fastify'
import { as, signIn, signUp } from '../helper.ts'

/** A session of a new account with this role. */
export async function signInAs (app: FastifyInstance, role: string, fields: { vendorId?: string } = {}) {
  const account = await signUp(app)
  await app.database`
    update users
    set role = ${role}, vendor_id = ${fields.vendorId ?? null}, version = version + 1
    where id = ${account.user.id}`
  return await signIn(app, account)
}

let made = 0

/** A name that no role has. */
export const freshRole = () => `role_${process.pid}_${++made}`

/** A role with low rank and no permissions; fields win. */
export const definition = (fields: object = {}) => ({ rank: 30, user_type: 'staff', requires_approval: false, self_registration: false, permissions: [] as string[], second_factor: 'optional', second_factor_from: null, ...fields })

export async function putRole (app: FastifyInstance, token: string, name: string, fields: object = {}) {
  return await as(app, token, 'PUT', `/roles/${name}`, definition(fields))
}
