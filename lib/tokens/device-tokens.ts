import { randomUUID } from 'node:crypto'
import { createTokenSigner } from '../crypto/signed-tokens.ts'
import { uuidFromBytes, uuidToBytes } from '../crypto/uuids.ts'

export type DeviceTokens = ReturnType<typeof createDeviceTokens>

/**
 * A device token names a browser or a phone and nothing else: that it has signed in to an account is
 * a row of `known_devices`, so one device may serve several accounts. Payload: device id (16) and one
 * spare byte that leaves the token without padding.
 */
export function createDeviceTokens (keys: Buffer[]) {
  const { sign, verify } = createTokenSigner(keys, 17)
  return { issue, read, recognise }

  function issue (deviceId: string): string {
    return sign(Buffer.concat([uuidToBytes(deviceId), Buffer.alloc(1)]))
  }

  /** The device's id, or null for a token that is not ours. */
  function read (token: string): string | null {
    const payload = verify(token)
    return payload && uuidFromBytes(payload.subarray(0, 16))
  }

  /** The id in a token that is ours, else a new one: what a client invents is never adopted. */
  function recognise (token: string | undefined): string {
    return (token && read(token)) || randomUUID()
  }
}
