import { createHash, pbkdf2Sync, scryptSync } from 'node:crypto'
import { hashSync } from 'bcryptjs'
import t from 'tap'
import { createForeignVerifier } from '../../../lib/passwords/foreign-verifier.ts'
import type { ForeignVerifier } from '../../../lib/passwords/foreign-verifier.ts'
import { readForeignHash } from '../../../lib/passwords/foreign-hashes.ts'
import { createThreadHasher } from '../../../lib/passwords/hashers.ts'
import { startHashThreads } from '../../support/hash-threads.ts'

const threads = startHashThreads(t)
const { hasher } = createThreadHasher(threads)
const verify: ForeignVerifier = createForeignVerifier({ verifyArgon2: hasher.verify, call: threads.call })

// None of these was made here: each was published together with its password.
const published: [source: string, password: string, hash: string][] = [
  ['argon2: test.c, version 16 by default', 'password', '$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ'],
  ['argon2: test.c, version 19', 'password', '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA'],
  ['argon2: test.c, id', 'password', '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'],
  ['argon2-cffi, four lanes, version 16', 'password', '$argon2i$m=65536,t=2,p=4$c29tZXNhbHQAAAAAAAAAAA$QWLzI4TY9HkL2ZTLc8g6SinwdhZewYrzz9zxCo0bkGY'],
  ['Django, argon2', 'ExjGmyUT73bFoT', 'argon2$argon2i$v=19$m=512,t=2,p=2$S1E4emVLNndLUnVS$RUET3AC8iXvcVPD2TRjvVQ'],
  ['Django, argon2 of old', 'secret', 'argon2$argon2i$m=8,t=1,p=1$c29tZXNhbHQ$gwQOXSNhxiOxPOA0+PY10P9QFO4NAYysnqRt1GSQLE55m+2GYDt9FEjPMHhP2Cuf0nOEXXMocVrsJAtNSsKyfg'],
  ['crypt_blowfish', 'U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
  ['crypt_blowfish, beyond 72 bytes', '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored', '$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui'],
  ['Django, bcrypt', 'ExjGmyUT73bFoT', 'bcrypt$$2b$12$LZSJchsWG/DrBy1erNs4ee31eJ7DaWiuwhDOC7aqIyqGGggfu6Y/.'],
  ['Django, bcrypt_sha256', 'ExjGmyUT73bFoT', 'bcrypt_sha256$$2b$12$LZSJchsWG/DrBy1erNs4eeYo6tZNlLFQmONdxN9HPesa1EyXVcTXK'],
  ['passlib, scrypt', 'password', '$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E'],
  ['Django, scrypt', 'l\u00e8tmein', 'scrypt$16384$seasalt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw=='],
  ['RFC 7914 §12', 'pleaseletmein', `$scrypt$ln=14,r=8,p=1$${unpadded('SodiumChloride')}$${unpadded('7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887', 'hex')}`],
  ['passlib, pbkdf2_sha256', 'password', '$pbkdf2-sha256$6400$.6UI/S.nXIk8jcbdHx3Fhg$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44'],
  ['Authelia, pbkdf2_sha512', 'insecure_secret', '$pbkdf2-sha512$310000$c8p78n7pUMln0jzvd4aK4Q$JNRBzwAo0ek5qKn50cFzzvE9RXV88h1wJn5KGiHrD0YKtZaR/nCb2CJPOsKaPK0hjf.9yHxzQGZziziccp6Yng'],
  ['PBKDF2.NET, pbkdf2 (sha1)', 'password123', '$pbkdf2$10000$oLs2Pk11k85ekfB97qr9Nw$QvsHZBmsOgjmd8/SZK5EUf/TQ.0'],
  ['RFC 6070, 4096 iterations', 'password', `$pbkdf2$i=4096,l=20$${unpadded('salt')}$${unpadded('4b007901b765489abead49d926f721d065a429c1', 'hex')}`],
  ['Django, pbkdf2_sha256', 'l\u00e8tmein', 'pbkdf2_sha256$600000$seasalt$OAXyhAQ/4ZDA9V5RMExt3C1OwQdUpLZ99vm1McFlLRA='],
  ['Django, pbkdf2_sha1', 'ExjGmyUT73bFoT', 'pbkdf2_sha1$24000$KQ8zeK6wKRuR$tSJh4xdxfMJotlxfkCGjTFpGYZU=']
]

t.test('published hashes verify with their password and with no other', async t => {
  await Promise.all(published.map(async ([source, password, text]) => {
    const hash = readForeignHash(text)
    if ('problem' in hash) return t.fail(`${source} ${hash.problem}`)

    t.equal(await verify(hash, password), true, source)
    t.equal(await verify(hash, `x${password}`), false, `${source}, a wrong password`)
  }))
})

t.test('bcrypt compares the first 72 bytes of a password, as it did where the hash comes from', async t => {
  const hash = hashOf('$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui')
  const password = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

  t.equal(await verify(hash, password), true)
  t.equal(await verify(hash, `${password} and whatever follows`), true)
  t.equal(await verify(hash, password.slice(0, 71)), false)
})

t.test('every prefix of bcrypt means the same algorithm', async t => {
  for (const label of ['2a', '2b', '2y']) t.equal(await verify(hashOf(`$${label}$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW`), 'U*U'), true, label)
})

t.test('a NUL in a password does not create a second matching password for bcrypt', async t => {
  const hash = hashOf('$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW')
  for (const password of ['U*U\0', 'U*U\0U*U', 'U*U\0x', '\0U*U']) t.equal(await verify(hash, password), false, JSON.stringify(password))
})

t.test('the password of a digest may have any length', async t => {
  const long = 'x'.repeat(100)
  const digest = createHash('sha256').update(long).digest('hex')
  const hash = hashOf(`bcrypt_sha256$${hashSync(digest, 4)}`)

  t.equal(await verify(hash, long), true)
  t.equal(await verify(hash, `${long}x`), false)
  t.equal(await verify(hash, digest), false)
})

t.test('salts and keys of every length are compared in full', async t => {
  const salt = Buffer.from([0, 255, 1, 254, 128])
  const cases = [
    ...[16, 20, 32, 33, 64].map(length => `$pbkdf2-sha256$i=1000$${unpadded(salt)}$${unpadded(pbkdf2Sync('pass', salt, 1000, length, 'sha256'))}`),
    ...[16, 32, 64].map(length => `$scrypt$ln=4,r=1,p=3$${unpadded(salt)}$${unpadded(scryptSync('pass', salt, length, { N: 16, r: 1, p: 3 }))}`)
  ]
  for (const text of cases) {
    t.equal(await verify(hashOf(text), 'pass'), true, text)
    t.equal(await verify(hashOf(text), 'past'), false)
  }
})

t.test('a hash that would cost too much is refused, with the reason', async t => {
  const key = 'A'.repeat(43)
  const costly: [hash: string, reason: RegExp][] = [
    [`$argon2id$v=19$m=262145,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$${key}`, /argon2 of 262145 KiB, 1 passes, 1 lanes$/],
    [`$argon2id$v=19$m=65536,t=17,p=1$AAAAAAAAAAAAAAAAAAAAAA$${key}`, /argon2 of 65536 KiB, 17 passes/],
    [`$argon2i$v=19$m=65536,t=999999999,p=1$AAAAAAAAAAAAAAAAAAAAAA$${key}`, /argon2/],
    [`$argon2id$v=19$m=64,t=101,p=1$AAAAAAAAAAAAAAAAAAAAAA$${key}`, /101 passes/],
    [`$argon2id$v=19$m=65536,t=1,p=17$AAAAAAAAAAAAAAAAAAAAAA$${key}`, /17 lanes/],
    [`$2b$15$${'A'.repeat(53)}`, /bcrypt of cost 15$/],
    [`bcrypt$$2b$31$${'A'.repeat(53)}`, /bcrypt of cost 31$/],
    [`$scrypt$ln=19,r=8,p=1$AAAAAAAA$${key}`, /scrypt of N=524288, r=8, p=1$/],
    [`$scrypt$ln=17,r=8,p=5$AAAAAAAA$${key}`, /scrypt/],
    [`$scrypt$ln=99,r=1,p=1$AAAAAAAA$${key}`, /scrypt/],
    [`scrypt$2$salt$1$999999999$${key}=`, /scrypt/],
    [`scrypt$1048576$salt$8$1$${key}=`, /scrypt of N=1048576/],
    [`$pbkdf2-sha256$3000001$AAAAAAAA$${key}`, /PBKDF2 of 3000001 iterations$/],
    [`$pbkdf2$1500001$AAAAAAAA$${key}`, /PBKDF2/],
    [`pbkdf2_sha256$999999999$salt$${key}=`, /PBKDF2/]
  ]
  for (const [hash, reason] of costly) {
    const { problem } = Object.assign({ problem: '' }, readForeignHash(hash))
    t.match(problem, /^would cost too much to compare: /, hash)
    t.match(problem, reason, hash)
    t.notMatch(problem, /AAAA/, 'and shows nothing of it')
  }
})

t.test('a hash of an unknown form, or with impossible parameters, is refused', t => {
  const key = 'A'.repeat(43)
  const wrong = [
    '', 'password', '5f4dcc3b5aa765d61d8327deb882cf99', 'md5$salt$3f86d0d3d465b7b458c231bf3555c0e3', 'sha1$seasalt$cff36ea83f5706ce9aa7454e63e431fc726b2dc8',
    '$1$abc$def', '$6$salt$hash', '{SSHA}abc', '!', `$2x$05$${'A'.repeat(53)}`, `$2$05$${'A'.repeat(53)}`, `$2b$03$${'A'.repeat(53)}`, `$2b$5$${'A'.repeat(53)}`,
    `$2b$05$${'A'.repeat(52)}`, `$2b$05$${'A'.repeat(54)}`, `$2b$05$${'A'.repeat(53)}\n`, ` $2b$05$${'A'.repeat(53)}`,
    `$argon2id$v=18$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$${key}`, `$argon2id$v=19$m=0,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$${key}`, `$argon2id$v=19$m=64,t=0,p=1$AAAAAAAAAAAAAAAAAAAAAA$${key}`,
    `$argon2id$v=19$m=64,t=1,p=1,keyid=AA$AAAAAAAAAAAAAAAAAAAAAA$${key}`, '$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA',
    `$scrypt$ln=0,r=8,p=1$AAAA$${key}`, `$scrypt$ln=4,r=0,p=1$AAAA$${key}`, `$scrypt$ln=16,r=1,p=1$AAAA$${key}`, `scrypt$65536$salt$1$1$${key}=`, '$scrypt$ln=4,r=8,p=1$AAAA$AAAA', `scrypt$1000$salt$8$1$${key}=`, `scrypt$16$$8$1$${key}=`,
    `$pbkdf2-sha256$0$AAAA$${key}`, '$pbkdf2-sha256$1000$AAAA$AA', `$pbkdf2-md5$1000$AAAA$${key}`, `pbkdf2_md5$1000$salt$${key}=`, `pbkdf2_sha256$1e9$salt$${key}=`, `pbkdf2_sha256$-1$salt$${key}=`,
    ...['a\0b', 'a\nb', '\ud800'].flatMap(salt => [`pbkdf2_sha256$1000$${salt}$${key}=`, `scrypt$16$${salt}$8$1$${key}=`])
  ]
  for (const text of wrong) t.ok('problem' in readForeignHash(text), JSON.stringify(text))
  t.end()
})

function hashOf (text: string) {
  const hash = readForeignHash(text)
  if ('problem' in hash) throw new Error(`${text} ${hash.problem}`)
  return hash
}

function unpadded (bytes: Buffer | string, encoding: BufferEncoding = 'utf8') {
  return (typeof bytes === 'string' ? Buffer.from(bytes, encoding) : bytes).toString('base64').replace(/=+$/, '')
}
