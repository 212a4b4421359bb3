/** A password hash of another system: parsed, within bounds, and ready to be computed again. */
export type ForeignHash =
  | { scheme: 'argon2', phc: string }
  /** Django's `bcrypt_sha256` gives bcrypt the digest of the password. */
  | { scheme: 'bcrypt', mcf: string, isDigested: boolean }
  | { scheme: 'scrypt', N: number, r: number, p: number, salt: Buffer, key: Buffer }
  | { scheme: 'pbkdf2', digest: 'sha1' | 'sha256' | 'sha512', iterations: number, salt: Buffer, key: Buffer }

/** Why a hash is not accepted, as the end of a sentence whose subject is the hash. */
export interface UnusableHash { problem: string }

/**
 * What one verification may cost: about a second of one core. Beyond that a stored hash could take so much work that
 * the server stops. `memoryKib` is in use at once; `workKib` is processed over all passes.
 */
const foreignBounds = {
  argon2: { memoryKib: 262_144, workKib: 1_048_576, passes: 100, parallelism: 16 },
  bcrypt: { cost: 14 },
  scrypt: { memoryKib: 262_144, workKib: 524_288 },
  pbkdf2: { iterations: 3_000_000 }
}

type Groups = Record<string, string>
interface Form { pattern: RegExp, read: (groups: Groups) => ForeignHash | UnusableHash }

// Salts and keys are in the Base64 of PHC (no padding), or in that of passlib, which has a dot for the plus. A key of
// fewer than 16 bytes would match too many passwords.
const salt = '(?<salt>[A-Za-z0-9+/.]{2,128}={0,2})'
const key = '(?<key>[A-Za-z0-9+/.]{22,86}={0,2})'
// No real salt has characters that Postgres cannot store.
const textSalt = '(?<salt>[^$\\p{Cc}\\p{Cs}]{1,128})'

const argon2Cost = 'm=(?<m>\\d{1,9}),t=(?<t>\\d{1,9}),p=(?<p>\\d{1,9})'
const argon2Phc = `\\$argon2(id|i|d)(\\$v=(16|19))?\\$${argon2Cost}\\$[A-Za-z0-9+/]{11,64}\\$[A-Za-z0-9+/]{22,86}`
const pbkdf2Cost = '(i=)?(?<iterations>\\d{1,9})(,l=\\d{1,3})?'

const forms: Form[] = [
  {
    pattern: form(`(argon2(?=\\$argon2))?(?<phc>${argon2Phc})`),
    read: readArgon2
  },
  {
    pattern: form('(?<prefix>bcrypt\\$|bcrypt_sha256\\$)?(?<mcf>\\$2[aby]\\$(?<cost>\\d\\d)\\$[./A-Za-z0-9]{53})'),
    read: readBcrypt
  },
  {
    pattern: form(`\\$scrypt\\$ln=(?<ln>\\d{1,2}),r=(?<r>\\d{1,9}),p=(?<p>\\d{1,9})\\$${salt}\\$${key}`),
    read: groups => (
      readScrypt({ ...groups, N: String(2 ** Number(groups['ln'])) }, fromBase64(groups['salt']))
    )
  },
  {
    pattern: form(`scrypt\\$(?<N>\\d{1,10})\\$${textSalt}\\$(?<r>\\d{1,9})\\$(?<p>\\d{1,9})\\$${key}`),
    read: groups => readScrypt(groups, fromText(groups['salt']))
  },
  {
    pattern: form(`\\$pbkdf2(-(?<digest>sha1|sha256|sha512))?\\$${pbkdf2Cost}\\$${salt}\\$${key}`),
    read: groups => readPbkdf2(groups, fromBase64(groups['salt']))
  },
  {
    pattern: form(`pbkdf2_(?<digest>sha1|sha256)\\$(?<iterations>\\d{1,9})\\$${textSalt}\\$${key}`),
    read: groups => readPbkdf2(groups, fromText(groups['salt']))
  }
]

/**
 * Reads hashes of argon2 (i, d, id), bcrypt, scrypt and PBKDF2: as PHC strings, as passlib writes them, or as Django
 * does. A text of another form, or a hash that would cost more than the bounds allow, gives a problem instead.
 */
export function readForeignHash (text: string): ForeignHash | UnusableHash {
  for (const { pattern, read } of forms) {
    const groups = pattern.exec(text)?.groups
    if (groups) return read(groups)
  }
  return { problem: 'is of no form that is known here' }
}

function readArgon2 ({ phc = '', m, t, p }: Groups): ForeignHash | UnusableHash {
  const max = foreignBounds.argon2
  const [memoryKib, passes, lanes] = [Number(m), Number(t), Number(p)]

  if (passes < 1 || lanes < 1 || memoryKib < 8 * lanes) return { problem: 'has parameters that argon2 does not allow' }
  const isTooLarge = memoryKib > max.memoryKib || memoryKib * passes > max.workKib
  if (isTooLarge || passes > max.passes || lanes > max.parallelism) {
    return tooCostly(`argon2 of ${memoryKib} KiB, ${passes} passes, ${lanes} lanes`)
  }
  return { scheme: 'argon2', phc }
}

// $2x$ marks hashes of a faulty implementation and is not among the forms.
function readBcrypt ({ prefix, mcf = '', cost }: Groups): ForeignHash | UnusableHash {
  if (Number(cost) < 4) return { problem: 'has a cost that bcrypt does not allow' }
  if (Number(cost) > foreignBounds.bcrypt.cost) return tooCostly(`bcrypt of cost ${Number(cost)}`)
  return { scheme: 'bcrypt', mcf, isDigested: prefix === 'bcrypt_sha256$' }
}

function readScrypt (groups: Groups, salt: Buffer): ForeignHash | UnusableHash {
  const max = foreignBounds.scrypt
  const [N, r, p] = [Number(groups['N']), Number(groups['r']), Number(groups['p'])]
  const memoryKib = N * r / 8

  if (memoryKib > max.memoryKib || memoryKib * p > max.workKib || r > 64 || p > 64) {
    return tooCostly(`scrypt of N=${N}, r=${r}, p=${p}`)
  }
  // RFC 7914, section 2: N is less than 2^(128 * r / 8).
  if (N < 2 || !Number.isInteger(Math.log2(N)) || r < 1 || p < 1 || Math.log2(N) >= 16 * r) {
    return { problem: 'has parameters that scrypt does not allow' }
  }
  return { scheme: 'scrypt', N, r, p, salt, key: fromBase64(groups['key']) }
}

function readPbkdf2 (groups: Groups, salt: Buffer): ForeignHash | UnusableHash {
  const digest = digestOf(groups['digest'])
  const iterations = Number(groups['iterations'])
  const key = fromBase64(groups['key'])
  // Each block, as long as the digest, costs all iterations.
  const blocks = Math.ceil(key.length / { sha1: 20, sha256: 32, sha512: 64 }[digest])

  if (iterations < 1) return { problem: 'has parameters that PBKDF2 does not allow' }
  if (iterations * blocks > foreignBounds.pbkdf2.iterations) return tooCostly(`PBKDF2 of ${iterations} iterations`)
  return { scheme: 'pbkdf2', digest, iterations, salt, key }
}

// PBKDF2 without the name of a digest is that of RFC 2898, with SHA-1.
function digestOf (name: string | undefined) {
  return name === 'sha256' || name === 'sha512' ? name : 'sha1'
}

function tooCostly (what: string): UnusableHash {
  return { problem: `would cost too much to compare: ${what}` }
}

function form (pattern: string) {
  return new RegExp(`^${pattern}$`, 'u')
}

function fromBase64 (text = '') {
  return Buffer.from(text.replaceAll('.', '+'), 'base64')
}

function fromText (text = '') {
  return Buffer.from(text)
}
