import type { User } from './types.ts'

/** What a client keeps between two starts. With cookies it holds no token. */
export interface Kept {
  version: 1
  /** The deployment and the way of its tokens. What belongs to another one is not used. */
  owner: string
  /** Differs after each grant, so that a tab notices that another one has refreshed. */
  grant?: string
  user?: User
  session?: { id: string, expires_at: string }
  refreshToken?: string
  deviceToken?: string
  /** A sign-out that the server has not been told of. */
  signOut?: SignOut
}

export interface SignOut { scope: 'local' | 'everywhere', refresh_token?: string }

/** Reads what was kept. What cannot be understood, or belongs to another deployment, counts as nothing. */
export function readKept (text: string | null, owner: string): Kept {
  try {
    const value: unknown = JSON.parse(text ?? 'null')
    if (isKept(value, owner)) return value
  } catch {}
  return { version: 1, owner }
}

function isKept (value: unknown, owner: string): value is Kept {
  if (!isRecord(value) || value['version'] !== 1 || value['owner'] !== owner) return false
  const { user, session, refreshToken } = value
  if (user === undefined && session === undefined) return true
  return hasId(user) && hasId(session) && (typeof refreshToken === 'string' || owner.startsWith('cookie'))
}

/** Whether a value has an id, as users and sessions do. */
export const hasId = (value: unknown) => isRecord(value) && typeof value['id'] === 'string'

export function isRecord (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
