import type { FieldError } from '../errors.ts'
import { passwordRank } from './common-words.ts'
import { createEstimator } from './strength.ts'

export type PasswordPolicy = ReturnType<typeof createPasswordPolicy>

export interface PasswordPolicyOptions {
  /** Code points after NFC. Never below 8 (ASVS 5.0 6.2.1); 15 for a single factor by NIST SP 800-63B-4. */
  minLength: number
  /** The lowest acceptable score of the estimator, 0 (off) to 4. 3 means 10^8 guesses or more. */
  minStrength: number
  /** Words of this deployment that count against a password (ASVS 5.0 6.1.2, 6.2.11). */
  contextWords?: string[]
  /** Whether a password is known from a breach (ASVS 5.0 6.2.12). Asked only if nothing else is wrong with it. */
  isBreached?: ((password: string) => Promise<boolean>) | undefined
}

/** The longest password, in code points and in bytes of UTF-8, after NFC (ASVS 5.0 6.2.9). */
const lengthMax = { codePoints: 128, bytes: 512 }

/**
 * The rules for a new password: length, a blocklist and a strength estimate, no composition rules
 * (NIST SP 800-63B-4 §3.1.1.2; ASVS 5.0 6.2.4, 6.2.5, 6.2.9, 6.2.11). Its dictionaries are read when this module is
 * loaded.
 */
export function createPasswordPolicy (options: PasswordPolicyOptions) {
  const { minLength, minStrength, contextWords = ['latchkey'], isBreached } = options
  const estimate = createEstimator(minStrength)

  return { check, findWeaknesses, findBreach }

  /**
   * What is wrong with a password, one entry for each rule. An empty list means that it is acceptable.
   * @param context what an attacker would try first on this person: the address, the name
   * @param path the JSON pointer of the password in the request's body
   */
  async function check (password: string, context: string[], path = '/password'): Promise<FieldError[]> {
    const found = findWeaknesses(password, context, path)
    return found.length === 0 ? await findBreach(password, path) : found
  }

  /** The part of `check` that asks nobody, for requests that have not been counted yet. */
  function findWeaknesses (password: string, context: string[], path = '/password'): FieldError[] {
    const normalised = password.normalize('NFC')
    const misshapen = shapeOf(normalised)
    const reasons = misshapen === null ? weaknesses(normalised, context) : [misshapen]
    return reasons.map(([code, message]) => ({ path, code, message }))
  }

  /** The other part of `check`: it asks the service that knows stolen passwords, if there is one. */
  async function findBreach (password: string, path = '/password'): Promise<FieldError[]> {
    if (!await isBreached?.(password.normalize('NFC'))) return []
    const [code, message] = breached
    return [{ path, code, message }]
  }

  function shapeOf (password: string): Reason | null {
    const length = Array.from(password).length

    if (/\p{Surrogate}/u.test(password)) return ['malformed', 'The password contains half a character.']
    if (length < minLength) return ['too_short', `Use ${minLength} characters or more.`]
    if (length > lengthMax.codePoints || Buffer.byteLength(password) > lengthMax.bytes) {
      return ['too_long', `Use ${lengthMax.codePoints} characters or fewer.`]
    }
    return null
  }

  function weaknesses (password: string, context: string[]): Reason[] {
    const folded = foldCase(password)
    const personal = [...contextWords, ...context].flatMap(wordsOf).slice(0, 40)
    const { score, advice } = estimate(password, personal)

    return [
      passwordRank(folded) !== undefined && blocklisted,
      isMostly(personal, folded) && contextWord,
      score < minStrength && guessable(advice)
    ].filter(weakness => weakness !== false)
  }
}

type Reason = readonly [code: string, message: string]

const breached: Reason = [
  'breached',
  'This password is in a list of stolen ones, which is what attackers try first. Choose another, and change it wherever else you use it.'
]

const blocklisted: Reason = ['blocklisted', 'This is one of the most common passwords, the first that are tried.']

const contextWord: Reason = [
  'context_word',
  'Apart from your name, your address or the name of this service hardly anything remains of it.'
]

function guessable (advice: string): Reason {
  return ['guessable', `This password is too easy to guess. ${advice}`]
}

function foldCase (text: string) {
  return text.normalize('NFC').toLowerCase()
}

/** A text and the words in it: `Ada.King@example.com` gives also ada.king, ada, king and example. */
function wordsOf (text: string) {
  const whole = foldCase(text.slice(0, 254))
  const [beforeAt = ''] = whole.split('@')

  return [whole, beforeAt, ...whole.split(/[^\p{L}\p{M}\p{N}]+/u)].filter(word => word.length >= 4)
}

/** Whether fewer than 8 characters remain without these words. The longest goes first: words contain each other. */
function isMostly (personal: string[], folded: string) {
  const longestFirst = personal.toSorted((a, b) => b.length - a.length)
  const rest = longestFirst.reduce((text, word) => text.replaceAll(word, ''), folded)

  return rest !== folded && Array.from(rest).length < 8
}
