import type { Newest } from './hot-session-store.ts'
import type { RefreshTokens } from './refresh-tokens.ts'
import type { SessionState } from './session-store.ts'

/** A living session with its newest refresh token. */
export interface SessionTokens { state: SessionState, newest: Newest, refreshToken: string }

/** Makes the refresh token of a session's newest generation; the same generation always gives the same token. */
export function issueRefreshToken (
  refreshTokens: Pick<RefreshTokens, 'issue'>,
  state: SessionState,
  newest: Newest
): SessionTokens {
  const { sessionId, transport } = state
  return { state, newest, refreshToken: refreshTokens.issue({ sessionId, transport, ...newest }) }
}
