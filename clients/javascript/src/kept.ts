import { isGrant } from './answers.ts'
import type { User } from './types.ts'

/** What a client keeps between two starts. With cookies it holds no token. */
export interface Kept {
  /** The deployment and the way of its tokens. What belongs to another one is not used. */
  owner: string
  /** Differs after each grant, so that a tab notices that another one has refreshed. */
  grant?: number
  user?: User
  session?: { id: string, expires_at: string }
  refreshToken?: string | undefined
  deviceToken?: string | undefined
  /** Differs after each sign-out, so that a call notices that one has overtaken it. */
  lastSignOut?: number | undefined
  /** The sign-outs that the server has not been told of, one for each session. */
  signOuts?: SignOut[] | undefined
}

export interface SignOut { scope: 'local' | 'everywhere', refresh_token?: string | undefined }

/** Reads what was kept. What cannot be understood, or belongs to another deployment, counts as nothing. */
export function readKept (text: string | null, owner: string): Kept {
  try {
    const value: unknown = JSON.parse(text ?? '')
    if (isKept(value, owner)) return value
  } catch {}
  return { owner }
}

function isKept (value: unknown, owner: string): value is Kept {
  const { owner: itsOwner, session, refreshToken } = Object(value)
  return itsOwner === owner && (!session || (isGrant(value) && (refreshToken || owner.startsWith('cookie'))))
}
