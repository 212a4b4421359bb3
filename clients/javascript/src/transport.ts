import type { SecureStorage } from './storage.ts'

/** Tokens in the hands of the client: the refresh token in secure storage, the access token in memory. */
export interface BearerTransport {
  readonly kind: 'bearer'
  readonly storage: SecureStorage
  /** The name under which the value is stored. */
  readonly key: string
  /** How the owner will know this device in the list of sessions. */
  readonly deviceName: string | undefined
}
