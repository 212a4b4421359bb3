import type { Clock } from '../clock.ts'
import { createTokenSigner } from '../crypto/signed-tokens.ts'
import { uuidFromBytes, uuidToBytes } from '../crypto/uuids.ts'

/** A sign-in whose first factor has been proved, and whose second one is due. */
export interface PendingLogin {
  /** A new session, or proving again who uses a session. */
  purpose: 'login' | 'reauthentication'
  /** How the token travels: one of another transport is refused. */
  transport: 'bearer' | 'cookie'
  userId: string
  /** The device that signs in; for a reauthentication the session. */
  holderId: string
  /** The epochs under which the first factor was checked: whatever ends the user's sessions ends this, too. */
  userEpoch: number
  globalEpoch: number
  /** What was proved first. */
  proved: 'password'
}

export type PendingLogins = ReturnType<typeof createPendingLogins>

/** How long (s) the second factor may take. */
export const pendingSeconds = 300
/** The most milliseconds by which another node's clock may be ahead. */
const clockSkewMs = 30_000

const purposes = ['login', 'reauthentication'] as const
const transports = ['bearer', 'cookie'] as const
const proofs = ['password'] as const
const payloadBytes = 53

/**
 * Tokens of sign-ins that wait for a second factor. A token is signed and stored nowhere, so losing Redis loses none.
 * It is no session and opens nothing by itself. It may be used more than once, because each use needs a proof of the
 * second factor that has not been used: nothing would be gained by storing it.
 *
 * The payload is purpose (1), transport (1), user (16), device or session (16), epoch of the user (6), global epoch
 * (6), time of issue in milliseconds (6) and what was proved (1), in bytes.
 * @param keys the first one signs, all of them verify
 */
export function createPendingLogins (keys: Buffer[], clock: Pick<Clock, 'now'>) {
  const { sign, verify } = createTokenSigner(keys, payloadBytes)
  return { issue, read, issuedAt }

  function issue (pending: PendingLogin): string {
    const payload = Buffer.alloc(payloadBytes)
    payload.writeUInt8(purposes.indexOf(pending.purpose), 0)
    payload.writeUInt8(transports.indexOf(pending.transport), 1)
    uuidToBytes(pending.userId).copy(payload, 2)
    uuidToBytes(pending.holderId).copy(payload, 18)
    payload.writeUIntBE(pending.userEpoch, 34, 6)
    payload.writeUIntBE(pending.globalEpoch, 40, 6)
    payload.writeUIntBE(clock.now(), 46, 6)
    payload.writeUInt8(proofs.indexOf(pending.proved), 52)
    return sign(payload)
  }

  /** When a token of ours was issued (milliseconds since 1970), whether it is over or not; null for another. */
  function issuedAt (token: string): number | null {
    return verify(token)?.readUIntBE(46, 6) ?? null
  }

  /** The sign-in of a token of ours that is for this purpose and transport and has not expired; else null. */
  function read (token: string, wanted: Pick<PendingLogin, 'purpose' | 'transport'>): PendingLogin | null {
    const payload = verify(token)
    if (!payload) return null

    const age = clock.now() - payload.readUIntBE(46, 6)
    const [purpose, transport, proved] = [
      purposes[payload.readUInt8(0)], transports[payload.readUInt8(1)], proofs[payload.readUInt8(52)]
    ]
    if (age < -clockSkewMs || age >= pendingSeconds * 1000 || proved === undefined) return null
    if (purpose !== wanted.purpose || transport !== wanted.transport) return null
    return {
      ...wanted,
      userId: uuidFromBytes(payload.subarray(2, 18)),
      holderId: uuidFromBytes(payload.subarray(18, 34)),
      userEpoch: payload.readUIntBE(34, 6),
      globalEpoch: payload.readUIntBE(40, 6),
      proved
    }
  }
}
