import type { Clock } from '../clock.ts'
import type { DeviceTokens } from '../tokens/device-tokens.ts'
import type { Metrics } from '../operations/metrics.ts'
import type { SessionTokens } from './session-tokens.ts'
import type { Tokens } from '../tokens/access-tokens.ts'
import { dueOf } from '../tokens/factor-dues.ts'
import { presentUser } from '../users/user-view.ts'

export type TokenResponses = ReturnType<typeof createTokenResponses>

/** The answer to a sign-in or a refresh: the tokens, the user and the session. Lifetimes are in seconds. */
export type TokenResponse = ReturnType<TokenResponses['issue']>

/** Makes the answer of login, refresh and every other endpoint that hands out tokens. `refreshTokenTtl` is in ms. */
export function createTokenResponses ({ tokens, deviceTokens, metrics, clock, refreshTokenTtl }: {
  tokens: Tokens
  deviceTokens: DeviceTokens
  metrics: Metrics
  clock: Clock
  refreshTokenTtl: number
}) {
  return { issue }

  /**
   * Signs an access token and puts it together with the session's refresh token.
   * @throws Refusal `session_ended` at the session's absolute end, `unavailable` when this node cannot sign
   */
  function issue ({ state, newest, refreshToken }: SessionTokens) {
    const expiresAt = state.expiresAt.getTime()
    const refreshExpiresAt = Math.min(newest.issuedAt + refreshTokenTtl, expiresAt)
    const { token, expiresIn } = tokens.sign({
      userId: state.id,
      sessionId: state.sessionId,
      authTime: state.authTime.getTime(),
      amr: state.amr,
      role: state.role,
      vendorId: state.vendorId,
      epoch: [state.globalEpoch, state.userEpoch],
      version: state.version,
      mustChangePassword: state.mustChangePassword,
      mustEnrollSecondFactor: state.factorReset !== null || dueOf(state, state.amr, clock.now()) === 'enrolment',
      generation: newest.generation,
      sessionEnd: expiresAt
    })
    metrics.increment('tokens_issued', { kind: 'access' })
    metrics.increment('tokens_issued', { kind: 'refresh' })

    return {
      transport: state.transport,
      user: presentUser(state),
      session: { id: state.sessionId, expires_at: state.expiresAt.toISOString() },
      token_type: 'Bearer' as const,
      access_token: token,
      expires_in: expiresIn,
      refresh_token: refreshToken,
      refresh_expires_in: Math.floor((refreshExpiresAt - clock.now()) / 1000),
      device_token: deviceTokens.issue(state.deviceId)
    }
  }
}
