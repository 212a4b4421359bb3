import type { components } from './generated/schema.ts'

/** What is known about the session. An object stays the same as long as nothing in it changes. */
export type Session = Unknown | SignedIn | SignedOut

/**
 * Storage has not answered yet, or with cookies and nobody remembered the server has not: show neither the app nor the
 * login screen.
 */
export interface Unknown { readonly status: 'unknown' }

export interface SignedIn {
  readonly status: 'signed_in'
  readonly user: components['schemas']['User']
  readonly sessionId: string
  /** The end that no refresh moves, in RFC 3339. */
  readonly expiresAt: string
  /** False while it is only remembered, and the server has not been asked since the start. */
  readonly isConfirmed: boolean
}

export interface SignedOut {
  readonly status: 'signed_out'
  /** Why the last session has ended, if there was one: see `Ending`. */
  readonly reason?: string
}

/** A session that is over. */
export interface Ending {
  readonly sessionId: string
  /**
   * The server's reason (`signed_out`, `password_changed`, `reuse_detected`, `idle`, …); `replaced` when another
   * session has taken its place here; else the code of the refusal: `unauthenticated` when the cookies are gone,
   * `invalid_token` when the deployment does not know the token.
   */
  readonly reason: string
  /** Whether another tab of this browser has ended it, or found it ended. */
  readonly elsewhere: boolean
}
