import { aboutSetting } from './warnings.ts'
import type { Finding } from './warnings.ts'
import { settings } from './settings.ts'
import type { Environment } from './sources.ts'

/** Names that begin so are ours. Those of other programs (REDIS_PORT, DATABASE_HOST) are not complained about. */
const ourPrefixes = /^(ARGON2|COOKIE|DB|LOCKOUT|PASSWORD|RATE_LIMITS?|TOKEN_CLEANUP)_/
/** The mistakes that a misspelt name has at most: letters too many, too few, wrong, or exchanged with the next. */
const mistakesMax = 2
/** Shorter names resemble the names of other programs too often. */
const lengthMin = 8

/** Names of the environment that look like ours and are none: their values do nothing. Values are never shown. */
export function * warnAboutNames (env: Environment): Generator<Finding> {
  const known = Object.keys(settings.properties)
  const files = Object.entries(settings.properties).filter(([, { secret }]) => secret === true).map(([name]) => `${name}_FILE`)
  const names = new Set([...known, ...files])

  for (const name of Object.keys(env)) {
    if (names.has(name)) continue
    const meant = name.length < lengthMin ? undefined : known.find(other => mistakes(name, other) <= mistakesMax)
    if (meant !== undefined) yield misspelt(name, `Did you mean ${meant}?`)
    else if (ourPrefixes.test(name)) yield misspelt(name, '.env.example lists all settings.')
  }
}

const misspelt = (name: string, advice: string) =>
  aboutSetting('setting_misspelt', 'warning', name, 'is no setting and does nothing', advice)

/** The distance of two names (Damerau and Levenshtein, optimal string alignment); Infinity if it is above the most. */
function mistakes (a: string, b: string): number {
  if (Math.abs(a.length - b.length) > mistakesMax) return Infinity
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)

  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) next.push(step(i, j, next))
    // No later row falls below this one. Most names differ by more after a few letters.
    if (Math.min(...next) > mistakesMax) return Infinity
    before = row
    row = next
  }
  return at(row, b.length)

  function step (i: number, j: number, next: number[]): number {
    const isSame = a[i - 1] === b[j - 1]
    const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
    const cost = Math.min(at(next, j - 1) + 1, at(row, j) + 1, at(row, j - 1) + (isSame ? 0 : 1))
    return isSwapped ? Math.min(cost, at(before, j - 2) + 1) : cost
  }
}

const at = (row: number[], place: number) => row[place] ?? Infinity
