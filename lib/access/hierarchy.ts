/** A user with the rank of their role. */
export interface Ranked { id: string, role: string, rank: number }

/** The role with the highest rank, and the only one whose holders may act on each other and create each other. */
export const highestRole = 'super_admin'

/**
 * Whether an actor may act on a user: on users below their own rank, and a super_admin on other super_admins. Nobody
 * acts on themself: what users do with their own account is no administration.
 */
export function mayActOn (actor: Ranked, subject: Ranked): boolean {
  if (actor.id === subject.id) return false
  return subject.rank < actor.rank || (actor.role === highestRole && subject.role === highestRole)
}

/** Whether an actor may give a role to a user: a role below their own, and a super_admin also `super_admin`. */
export function mayAssign (actor: Ranked, role: { name: string, rank: number }): boolean {
  return role.rank < actor.rank || (actor.role === highestRole && role.name === highestRole)
}
