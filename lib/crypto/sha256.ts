import { hash } from 'node:crypto'

/**
 * SHA-256 in one step. `createHash` would leave an object of OpenSSL to V8's collector, which holds the main thread for
 * a few microseconds with each of them, thousands at a time.
 */
export function sha256 (data: Buffer | string): Buffer {
  return hash('sha256', data, 'buffer')
}
