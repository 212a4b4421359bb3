import { createTokenSigner } from '../crypto/signed-tokens.ts'
import { uuidFromBytes, uuidToBytes } from '../crypto/uuids.ts'

export type Transport = 'bearer' | 'cookie'

/** The claims of a refresh token: its session, its generation, and when it was issued. */
export interface RefreshClaims {
  transport: Transport
  sessionId: string
  generation: number
  /** Milliseconds since 1970: the time of the rotation that made this generation. */
  issuedAt: number
}

export type RefreshTokens = ReturnType<typeof createRefreshTokens>

const transports = ['bearer', 'cookie'] as const
const payloadBytes = 29

/**
 * Refresh tokens are signed, not stored: the same claims always make the same token. The payload in bytes:
 * transport (1) ‖ session id (16) ‖ generation (6) ‖ issued at (6).
 * @param keys the first one signs, all of them verify
 */
export function createRefreshTokens (keys: Buffer[]) {
  const { sign, verify } = createTokenSigner(keys, payloadBytes)
  return { issue, read }

  function issue ({ transport, sessionId, generation, issuedAt }: RefreshClaims): string {
    const payload = Buffer.alloc(payloadBytes)
    payload.writeUInt8(transports.indexOf(transport))
    uuidToBytes(sessionId).copy(payload, 1)
    payload.writeUIntBE(generation, 17, 6)
    payload.writeUIntBE(issuedAt, 23, 6)
    return sign(payload)
  }

  /** The claims of a token that this deployment has signed, else null. Takes constant time and asks no store. */
  function read (token: string): RefreshClaims | null {
    const payload = verify(token)
    const transport = payload && transports[payload.readUInt8()]
    if (!transport) return null

    return {
      transport,
      sessionId: uuidFromBytes(payload.subarray(1, 17)),
      generation: payload.readUIntBE(17, 6),
      issuedAt: payload.readUIntBE(23, 6)
    }
  }
}
