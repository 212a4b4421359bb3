/** Somebody with the rank that their role has. */
export interface Ranked { id: string, role: string, rank: number }

/** The one role whose holders act upon and make each other. */
export const highest = 'super_admin'

/**
 * Whether somebody may act upon a person: below their own rank, super_admins among themselves, and nobody upon
 * themself: what one does with one's own account is no administration.
 */
export function mayActUpon (actor: Ranked, subject: Ranked): boolean {
  if (actor.id === subject.id) return false
  return subject.rank < actor.rank || (actor.role === highest && subject.role === highest)
}

/** Whether somebody may give a role to a person: one below their own, and a super_admin theirs. */
export function mayGrant (actor: Ranked, role: { name: string, rank: number }): boolean {
  return role.rank < actor.rank || (actor.role === highest && role.name === highest)
}
