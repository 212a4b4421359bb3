import { randomUUID } from 'node:crypto'
import { createTokenSigner } from '../crypto/signed-tokens.ts'
import { uuidFromBytes, uuidToBytes } from '../crypto/uuids.ts'

export type DeviceTokens = ReturnType<typeof createDeviceTokens>

const payloadBytes = 17

/**
 * A device token names a browser or a phone and nothing else. A row of `known_devices` says that the device has signed
 * in to an account, so one device may serve several accounts. The payload is the device id (16 bytes) and one spare
 * byte, which leaves the token without padding.
 * @param keys the first one signs, all of them verify
 */
export function createDeviceTokens (keys: Buffer[]) {
  const { sign, verify } = createTokenSigner(keys, payloadBytes)
  return { issue, read, recognise }

  function issue (deviceId: string): string {
    return sign(Buffer.concat([uuidToBytes(deviceId), Buffer.alloc(1)]))
  }

  /** The device's id, or null for a token that is not ours. */
  function read (token: string): string | null {
    const payload = verify(token)
    return payload && uuidFromBytes(payload.subarray(0, 16))
  }

  /** The id in a token of ours, else a new id: one that a client has invented is never adopted. */
  function recognise (token: string | undefined): string {
    return (token && read(token)) || randomUUID()
  }
}
