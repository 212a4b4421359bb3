import { randomBytes } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { sha256 } from '../crypto/sha256.ts'
import { createTokenSigner } from '../crypto/signed-tokens.ts'

/** What the answer to a challenge may be used for. The last two make a credential of that kind. */
export const challengePurposes = ['login', 'second_factor', 'reauthentication', 'passkey', 'security_key'] as const
export type ChallengePurpose = typeof challengePurposes[number]

/** A challenge of ours that has not expired. */
export interface Challenge {
  purpose: ChallengePurpose
  /** 16 random bytes, by which it is used up. */
  nonce: Buffer
  /** From then on no node accepts it, whatever its clock. */
  expiresAt: Date
}

export type Challenges = ReturnType<typeof createChallenges>

/**
 * How long (s) a challenge may be answered. It is the upper end of what WebAuthn Level 3 (section 15.1) recommends,
 * because a page that offers passkeys in a form field waits for its user.
 */
export const challengeSeconds = 600
/** The most milliseconds by which the clocks of two nodes may differ. */
const clockSkewMs = 30_000

const nonceBytes = 16
const bindingBytes = 12
const payloadBytes = 1 + 6 + nonceBytes + bindingBytes

/**
 * Challenges of WebAuthn. A challenge is signed and stored nowhere: so asking for one writes nothing, pages that wait
 * survive the loss of Redis, and any node takes the answer. Answers are used up by their nonce, in the transaction of
 * what they open.
 *
 * The payload is purpose (1), time of issue in milliseconds (6), nonce (16) and binding (12), in bytes.
 * @param keys the first one signs, all of them verify
 */
export function createChallenges (keys: Buffer[], clock: Pick<Clock, 'now'>) {
  const { sign, verify } = createTokenSigner(keys, payloadBytes)
  return { issue, read }

  /** @param boundTo the session or the pending sign-in that alone may answer; null for anybody */
  function issue (purpose: ChallengePurpose, boundTo: string | null): string {
    const head = Buffer.alloc(7)
    head.writeUInt8(challengePurposes.indexOf(purpose), 0)
    head.writeUIntBE(clock.now(), 1, 6)
    return sign(Buffer.concat([head, randomBytes(nonceBytes), bindingOf(boundTo)]))
  }

  /** The challenge, if it is ours, has one of these purposes, is bound to that and has not expired; else null. */
  function read (text: string, purposes: readonly ChallengePurpose[], boundTo: string | null): Challenge | null {
    const payload = verify(text)
    if (!payload) return null

    const purpose = challengePurposes[payload.readUInt8(0)]
    const issuedAt = payload.readUIntBE(1, 6)
    const age = clock.now() - issuedAt
    if (purpose === undefined || !purposes.includes(purpose)) return null
    if (age < -clockSkewMs || age >= challengeSeconds * 1000) return null
    if (!payload.subarray(-bindingBytes).equals(bindingOf(boundTo))) return null
    return {
      purpose,
      nonce: payload.subarray(7, 7 + nonceBytes),
      expiresAt: new Date(issuedAt + challengeSeconds * 1000 + clockSkewMs)
    }
  }
}

function bindingOf (boundTo: string | null): Buffer {
  if (boundTo === null) return Buffer.alloc(bindingBytes)
  return sha256(boundTo).subarray(0, bindingBytes)
}
