import { randomBytes } from 'node:crypto'
import { sha256 } from '../crypto/sha256.ts'
import { toBase32 } from '../formats/base32.ts'

/** 120 bits: enough that a plain hash protects a code at rest (ASVS 5.0, 6.5.2). */
const codeBytes = 15
/** How many recovery codes a user gets at once. */
const codesCount = 10
const form = /^[A-Za-z2-7]{24}$/

/** A new recovery code: 24 characters in groups of four. */
export function makeRecoveryCode (): string {
  return toBase32(randomBytes(codeBytes)).replace(/.{4}(?=.)/g, '$&-')
}

/** The codes that a user gets at once. */
export function makeRecoveryCodes (): string[] {
  return Array.from({ length: codesCount }, makeRecoveryCode)
}

/** The hash under which a code is stored, whatever its case and its separators; null for what is no code. */
export function hashRecoveryCode (text: string): Buffer | null {
  const code = text.replace(/[\s-]/g, '')
  return form.test(code) ? sha256(code.toUpperCase()) : null
}

/** The hashes of codes that were made here. */
export function hashRecoveryCodes (codes: string[]): Buffer[] {
  return codes.flatMap(code => hashRecoveryCode(code) ?? [])
}
