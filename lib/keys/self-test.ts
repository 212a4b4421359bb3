import { sign, verify } from 'node:crypto'
import type { Ring } from './keyring.ts'

/** Throws an Error unless the ring's active key makes a signature that its published half accepts. */
export function proveRing ({ signing, verifying }: Pick<Ring, 'signing' | 'verifying'>) {
  const published = signing && verifying.get(signing.kid)
  if (!signing || !published) throw new Error('There is no key to sign with.')

  const text = Buffer.from(signing.kid)
  const signature = sign('sha256', text, signing.privateKey)
  const isGood = verify('sha256', text, published, signature)
  if (!isGood) throw new Error('The halves of the active key do not belong together.')
}
