import { createHmac, generateKeyPairSync, randomUUID, sign as signBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSigner, createVerifier } from 'fast-jwt'
import { CompactEncrypt, EncryptJWT, FlattenedSign, SignJWT, exportJWK, exportSPKI } from 'jose'
import t from 'tap'
import type { Test } from 'tap'
import { createClock } from '../../../lib/clock.ts'
import { Refusal } from '../../../lib/errors.ts'
import type { Ring } from '../../../lib/keys/keyring.ts'
import { createTokens } from '../../../lib/tokens/access-tokens.ts'
import type { AccessClaims, AccessTokenContents } from '../../../lib/tokens/access-tokens.ts'
import { startStopwatch } from '../../support/stopwatch.ts'

const issuer = 'https://auth.example.com'
const audience = 'https://api.example.com'
const minute = 60_000
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

t.test('a token carries the claims of its session and nothing personal', async t => {
  const { tokens, contents, clock } = service()
  const { token, expiresIn } = tokens.sign(contents)
  const iat = Math.floor(clock.now() / 1000)

  t.equal(expiresIn, 900)
  t.strictSame(headerOf(token), { alg: 'ES256', typ: 'at+jwt', kid: headerOf(token)['kid'] })
  t.strictSame(tokens.verify(token), {
    iss: issuer,
    aud: audience,
    client_id: 'first-party',
    sub: contents.userId,
    sid: contents.sessionId,
    jti: claimsOf(token)['jti'],
    auth_time: Math.floor(contents.authTime / 1000),
    amr: ['pwd'],
    acr: 'urn:latchkey:acr:1fa',
    role: 'user',
    epoch: [3, 5],
    ver: 7,
    gen: 4,
    iat,
    exp: iat + 900
  })
  t.not(claimsOf(tokens.sign(contents).token)['jti'], claimsOf(token)['jti'])
})

t.test('a vendor and a password that must be changed are claims of the token', async t => {
  const { tokens, contents } = service()
  const vendorId = randomUUID()

  t.match(tokens.verify(tokens.sign({ ...contents, vendorId, mustChangePassword: true }).token), {
    vendor_id: vendorId,
    must_change_password: true
  })
})

t.test('a token of an older version, which has no generation and no strength, is accepted', async t => {
  const { tokens, claims, header, privateKey } = service()
  const { gen, acr, ...older } = claims()
  t.match(tokens.verify(forge(header, older, privateKey)), { sub: older['sub'], gen: undefined, acr: undefined })
})

t.test('a token is reported when it is not in the cache: once while it lives, each time afterwards', async t => {
  const { tokens, contents, clock, seen, replaceKeys } = service()
  const { token } = tokens.sign(contents)
  for (let n = 0; n < 3; n++) tokens.verify(token)
  t.match(seen, [{ sid: contents.sessionId, gen: 4 }])
  t.equal(seen.length, 1)

  const late = tokens.sign(contents).token
  clock.advance(16 * minute)
  for (let n = 0; n < 2; n++) tokens.readExpired(late)
  t.equal(seen.length, 3)
  replaceKeys()
  tokens.readExpired(late)
  tokens.readExpired(`${late.slice(0, -4)}AAAA`)
  t.equal(seen.length, 3, 'one that is not ours never')
})

t.test('a token never outlives its session', async t => {
  const { tokens, contents, clock } = service()
  const sessionEnd = clock.now() + 5 * minute
  const { token, expiresIn } = tokens.sign({ ...contents, sessionEnd })

  t.equal(expiresIn, 300)
  t.ok(tokens.verify(token).exp * 1000 <= sessionEnd)
  t.throws(() => tokens.sign({ ...contents, sessionEnd: clock.now() }), { code: 'session_ended', details: { reason: 'expired' } })
})

t.test('a header that is not ours makes no node read the ring, and is no reason to ask again later', async t => {
  const { tokens, claims, privateKey, lookUps, halve } = service()
  halve()
  for (const header of [{ alg: 'ES256', typ: 'JWT', kid: randomUUID() }, { alg: 'ES256', typ: 'at+jwt', kid: 'x' }]) {
    t.throws(() => tokens.verifyOrReload(forge(header, claims(), privateKey)), { code: 'invalid_token' })
  }
  t.equal(lookUps.count, 0)
})

t.test('a token expires, even one that is cached', async t => {
  const { tokens, contents, clock } = service()
  const { token } = tokens.sign(contents)
  tokens.verify(token)
  clock.advance(14 * minute + 58_000)
  t.ok(tokens.verify(token))
  clock.advance(2000)
  refused(t, tokens, token, 'at its exp')
})

t.test('a token lives until its exp, to the millisecond, also in the cache (RFC 7519, section 4.1.4)', async t => {
  let now = 1_700_000_000_000
  const { tokens, contents } = service({ ...createClock(), now: () => now })
  const [cached, fresh] = [tokens.sign(contents).token, tokens.sign(contents).token]
  now += 15 * minute - 1
  t.ok(tokens.verify(cached))
  now += 1
  refused(t, tokens, cached, 'in the cache')
  refused(t, tokens, fresh, 'not in the cache')
  t.match(tokens.readExpired(fresh), { isLive: false })
})

t.test('an expired token can still be read, a forged one cannot', async t => {
  const { tokens, contents, claims, header, clock } = service()
  const { token } = tokens.sign(contents)
  t.match(tokens.readExpired(token), { isLive: true, claims: { sid: contents.sessionId } })
  clock.advance(20 * minute)

  t.match(tokens.readExpired(token), { isLive: false, claims: { sid: contents.sessionId } })
  refused(t, tokens, token, 'which makes it no better')
  t.equal(tokens.readExpired(forge(header, claims(), generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)), null)
  t.equal(tokens.readExpired(''), null)
})

t.test('claims are shared by requests, so nobody can change them', async t => {
  const { tokens, contents } = service()
  const claims = tokens.verify(tokens.sign(contents).token)

  t.ok([claims, claims.amr, claims.epoch].every(Object.isFrozen))
  t.equal(tokens.verify(tokens.sign(contents).token).ver, 7)
})

t.test('C1: a token without a signature is refused', async t => {
  const { tokens, contents, kid } = service()
  const [header, payload] = tokens.sign(contents).token.split('.')

  for (const alg of ['none', 'None', 'NONE', 'nOnE', 'noNE']) {
    refused(t, tokens, `${encode({ alg, typ: 'at+jwt', kid })}.${payload}.`, alg)
    refused(t, tokens, `${encode({ alg, typ: 'at+jwt', kid })}.${payload}`, `${alg}, two parts`)
  }
  refused(t, tokens, `${header}.${payload}.`, 'empty signature')
  refused(t, tokens, `${header}.${payload}`, 'two parts')
})

t.test('C2: the public key used as a secret is refused', async t => {
  const { tokens, contents, kid, publicKey } = service()
  const [, payload] = tokens.sign(contents).token.split('.')
  const jwk = await exportJWK(publicKey)
  const pem = await exportSPKI(publicKey)
  const secrets = [pem, pem.trim(), publicKey.export({ format: 'der', type: 'spki' }), JSON.stringify(jwk), jwk.x ?? '', Buffer.from(jwk.x ?? '', 'base64url')]

  for (const secret of secrets) {
    for (const [alg, hash] of [['HS256', 'sha256'], ['HS384', 'sha384'], ['HS512', 'sha512'], ['ES256', 'sha256']] as const) {
      const input = `${encode({ alg, typ: 'at+jwt', kid })}.${payload}`
      refused(t, tokens, `${input}.${createHmac(hash, secret).update(input).digest('base64url')}`, alg)
    }
  }
})

t.test('C3: another algorithm is refused, even with the right key', async t => {
  const { tokens, claims, kid, privateKey } = service()

  for (const alg of ['ES384', 'ES512', 'ES256K', 'RS256', 'PS256', 'EdDSA', 'es256', 'ES256 ', ['ES256'], null, 256, { alg: 'ES256' }, undefined]) {
    refused(t, tokens, forge({ alg, typ: 'at+jwt', kid }, claims(), privateKey), JSON.stringify(alg))
  }
  for (const [alg, options] of [['RS256', { modulusLength: 2048 }], ['PS256', { modulusLength: 2048 }]] as const) {
    const pair = generateKeyPairSync('rsa', options)
    refused(t, tokens, await new SignJWT(claims()).setProtectedHeader({ alg, typ: 'at+jwt', kid }).sign(pair.privateKey), alg)
  }
  const edwards = generateKeyPairSync('ed25519')
  refused(t, tokens, await new SignJWT(claims()).setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid }).sign(edwards.privateKey), 'EdDSA')
})

t.test('C4: a key id that points elsewhere is refused', async t => {
  const { tokens, claims, privateKey, lookUps } = service()
  const kids = ['../../dev/null', '/proc/self/environ', "' UNION SELECT 1 --", '__proto__', 'constructor', 'toString', 'x'.repeat(10_240), 'x'.repeat(150),
    '\0', '', ['a'], {}, null, 1, undefined, 'A0000000-0000-4000-8000-00000000000A']

  for (const kid of kids) refused(t, tokens, forge({ alg: 'ES256', typ: 'at+jwt', kid }, claims(), privateKey), String(kid).slice(0, 20))
  t.equal(lookUps.count, 0, 'no key was looked for')
})

t.test('C4: an unknown key makes the node read the ring before it refuses', async t => {
  const { tokens, claims, privateKey, lookUps } = service()
  const token = forge({ alg: 'ES256', typ: 'at+jwt', kid: randomUUID() }, claims(), privateKey)

  t.throws(() => tokens.verify(token), { code: 'invalid_token' })
  t.equal(lookUps.count, 0)
  await t.rejects(async () => await tokens.verifyOrReload(token), { code: 'invalid_token' })
  t.equal(lookUps.count, 1)
})

t.test('a key that another node has just begun to use is found', async t => {
  const { tokens, claims, lookUps } = service()
  const fresh = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const kid = randomUUID()
  lookUps.finds = [kid, fresh.publicKey]
  const token = forge({ alg: 'ES256', typ: 'at+jwt', kid }, claims(), fresh.privateKey)

  t.match(await tokens.verifyOrReload(token), { role: 'user' })
  t.match(tokens.verifyOrReload(token), { role: 'user' }, 'from then on without a promise')
  t.equal(lookUps.count, 1)
})

t.test('a store that does not answer does not make a token invalid', async t => {
  const { tokens, claims, privateKey, lookUps } = service()
  lookUps.fails = true

  await t.rejects(async () => await tokens.verifyOrReload(forge({ alg: 'ES256', typ: 'at+jwt', kid: randomUUID() }, claims(), privateKey)), { code: 'unavailable' })
})

t.test('C5, C6, C7: headers with keys, extensions or other forms are refused', async t => {
  const { tokens, claims, kid, privateKey, lookUps } = service()
  let visits = 0
  const listener = createServer((_, response) => { visits++; response.end('{}') }).listen(0, '127.0.0.1')
  await new Promise(resolve => listener.once('listening', resolve))
  t.teardown(() => listener.close())
  const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/`
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = await exportJWK(own.publicKey)
  const header = { alg: 'ES256', typ: 'at+jwt', kid }

  for (const extra of [{ jku: url }, { x5u: url }, { jwk }, { x5c: ['MIIB'] }, { crit: ['exp'], exp: 1 }, { crit: ['b64'], b64: false }, { b64: false }, { zip: 'DEF' }, { cty: 'JWT' }, { x: 1 }]) {
    refused(t, tokens, forge({ ...header, ...extra }, claims(), privateKey), `our key, ${Object.keys(extra)}`)
    refused(t, tokens, forge({ ...header, ...extra }, claims(), own.privateKey), `their key, ${Object.keys(extra)}`)
    refused(t, tokens, forge({ alg: 'ES256', typ: 'at+jwt', ...extra }, claims(), own.privateKey), `no kid, ${Object.keys(extra)}`)
  }
  const nested = forge({ ...header, cty: 'JWT' }, claims(), privateKey)
  refused(t, tokens, sign(`${encode(header)}.${Buffer.from(nested).toString('base64url')}`, privateKey), 'nested')

  const flat = await new FlattenedSign(Buffer.from(JSON.stringify(claims())))
    .setProtectedHeader(header)
    .sign(privateKey)
  refused(t, tokens, JSON.stringify(flat), 'JSON serialisation')
  refused(t, tokens, await new EncryptJWT(claims()).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(Buffer.alloc(32)), 'JWE')
  refused(t, tokens, await new CompactEncrypt(Buffer.from('{}')).setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' }).encrypt(own.publicKey), 'JWE to a public key')
  t.equal(visits, 0, 'nobody was asked')
  t.equal(lookUps.count, 0)
})

t.test('C8: times that are missing, of another type, past or in the future are refused', async t => {
  const { tokens, claims, header, privateKey, clock } = service()
  const now = Math.floor(clock.now() / 1000)

  for (const exp of [now - 1, now, 0, -1, '9999999999', String(now + 60), 1e308, now + 60.5, null, true, [now + 60], undefined, now + 30 * 86_400, 'Infinity']) {
    refused(t, tokens, forge(header, claims({ exp }), privateKey), `exp ${exp}`)
  }
  for (const text of ['1e400', '-0', '1E3', '0x7fffffff']) {
    refused(t, tokens, sign(`${encode(header)}.${Buffer.from(JSON.stringify(claims()).replace(/"exp":\d+/, `"exp":${text}`)).toString('base64url')}`, privateKey), `exp ${text}`)
  }
  for (const nbf of [now + 3600, now - 60, null, 'x']) refused(t, tokens, forge(header, claims({ nbf }), privateKey), `nbf ${nbf}`)
  for (const iat of [now + 3600, now + 60, undefined, `${now}`, -1, 1.5, null]) refused(t, tokens, forge(header, claims({ iat }), privateKey), `iat ${iat}`)
  t.ok(tokens.verify(forge(header, claims({ iat: now + 25, exp: now + 900 }), privateKey)), 'clocks may differ a little')
})

t.test('C9: tokens of another issuer, audience or type are refused', async t => {
  const { tokens, claims, header, kid, privateKey } = service()

  for (const iss of [`${issuer}/`, issuer.toUpperCase(), 'https://other.example.com', '', undefined, null, [issuer], ` ${issuer}`]) {
    refused(t, tokens, forge(header, claims({ iss }), privateKey), `iss ${iss}`)
  }
  for (const aud of [[audience], [audience, 'x'], `${audience}/`, 'x', undefined, null, 1, issuer]) {
    refused(t, tokens, forge(header, claims({ aud }), privateKey), `aud ${aud}`)
  }
  for (const typ of ['JWT', 'at+JWT', 'AT+JWT', 'application/at+jwt', 'rt+jwt', 'id+jwt', 'mfa+jwt', 'reset', undefined, null, ['at+jwt']]) {
    refused(t, tokens, forge({ alg: 'ES256', typ, kid }, claims(), privateKey), `typ ${typ}`)
  }
})

t.test('C10: signatures of no known key are refused', async t => {
  const { tokens, contents, privateKey } = service()
  const [header, payload, signature = ''] = tokens.sign(contents).token.split('.')
  const input = `${header}.${payload}`
  const zero = Buffer.alloc(32)
  const n = Buffer.from(order.toString(16), 'hex')
  const good = Buffer.from(signature, 'base64url')
  const bad = [
    Buffer.alloc(64),
    Buffer.concat([n, n]),
    Buffer.concat([zero, good.subarray(32)]),
    Buffer.concat([good.subarray(0, 32), zero]),
    Buffer.concat([n, good.subarray(32)]),
    Buffer.concat([good.subarray(0, 32), n]),
    Buffer.alloc(64, 0xff),
    Buffer.alloc(64, 1),
    Buffer.concat([zero.fill(1, 31), zero.fill(1, 31)]), signBytes('sha256', Buffer.from(input), privateKey), good.subarray(0, 63), Buffer.concat([good, zero]),
    Buffer.concat([zero, good]), Buffer.alloc(0), Buffer.alloc(1)
  ]

  for (const bytes of bad) refused(t, tokens, `${input}.${bytes.toString('base64url')}`, `${bytes.length} bytes`)
  for (let bit = 0; bit < 512; bit += 7) {
    const flipped = Buffer.from(good)
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    refused(t, tokens, `${input}.${flipped.toString('base64url')}`, `bit ${bit}`)
  }
})

t.test('C11: a second signature of one token is the same session’s, a second spelling is refused', async t => {
  const { tokens, contents } = service()
  const { token } = tokens.sign(contents)
  const [header, payload, signature = ''] = token.split('.')
  const bytes = Buffer.from(signature, 'base64url')
  const s = BigInt(`0x${bytes.subarray(32).toString('hex')}`)
  const mirrored = Buffer.concat([bytes.subarray(0, 32), Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex')])

  t.match(tokens.verify(`${header}.${payload}.${mirrored.toString('base64url')}`), { sid: contents.sessionId, jti: claimsOf(token)['jti'] }, 'what ends is the session')

  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(signature.at(-1) ?? '')
  for (let stray = 1; stray < 16; stray++) {
    const variant = signature.slice(0, -1) + alphabet[last + stray]
    t.same(Buffer.from(variant, 'base64url'), bytes)
    refused(t, tokens, `${header}.${payload}.${variant}`, `stray bits ${stray}`)
  }
  for (const [name, part] of [['header', header], ['payload', payload]] as const) {
    const end = part?.at(-1) ?? ''
    for (const other of alphabet) {
      if (other === end) continue
      const changed = part?.slice(0, -1) + other
      refused(t, tokens, name === 'header' ? `${changed}.${payload}.${signature}` : `${header}.${changed}.${signature}`, `${name} ends in ${other}`)
    }
  }
})

t.test('C12: other spellings are refused', async t => {
  const { tokens, contents, claims, header, privateKey } = service()
  const { token } = tokens.sign(contents)
  const parts = token.split('.')
  const spelled = [`${token}=`, `${token}==`, `${token}\n`, ` ${token}`, `${token} `, `\ufeff${token}`, `${token}.`, `.${token}`, `${token}.x`, `${token}.${parts[2]}`,
    parts.join('..'), parts.map(part => `${part}=`).join('.'), token.replaceAll('-', '+').replaceAll('_', '/') + '+', Buffer.from(token, 'utf16le').toString('latin1'),
    [...token].join('\0'), token.replace('.', '%2E'), encodeURIComponent(token) + '%', `"${token}"`, token.replace('.', '\u2024'), token.replace('.', '.\n'), '', '.', '..', '...']

  for (const text of spelled) refused(t, tokens, text, JSON.stringify(text.slice(-12)))

  const twice = `{"alg":"ES256","typ":"at+jwt","kid":"${header.kid}","alg":"ES256"}`
  refused(t, tokens, sign(`${Buffer.from(twice).toString('base64url')}.${encode(claims())}`, privateKey), 'a key twice in the header')
  const reordered = { typ: header.typ, kid: header.kid, alg: header.alg }
  refused(t, tokens, forge(reordered, claims(), privateKey), 'a header in another order')
  const spaced = Buffer.from(JSON.stringify(header, null, 1)).toString('base64url')
  refused(t, tokens, sign(`${spaced}.${encode(claims())}`, privateKey), 'a header with white space')
  for (const text of ['', 'null', '[]', '"x"', '1', '{', '\u0000', `\ufeff${JSON.stringify(claims())}`]) {
    refused(t, tokens, sign(`${encode(header)}.${Buffer.from(text).toString('base64url')}`, privateKey), `payload ${text.slice(0, 10)}`)
  }
})

t.test('C13: large and deep tokens are refused at once', async t => {
  const { tokens, claims, header, privateKey, contents } = service()
  const { token } = tokens.sign(contents)
  const passed = startStopwatch()

  for (const size of [4096, 8192, 102_400, 1_048_576]) {
    refused(t, tokens, 'x'.repeat(size), `${size} characters`)
    refused(t, tokens, token + 'x'.repeat(size), `${size} more characters`)
    refused(t, tokens, '.'.repeat(size), `${size} dots`)
    refused(t, tokens, forge(header, claims({ pad: 'x'.repeat(size) }), privateKey), `${size} well signed`)
  }
  const deep = `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`
  refused(t, tokens, sign(`${encode(header)}.${Buffer.from(deep).toString('base64url')}`, privateKey), 'deep')
  const fits = `{"a":${'['.repeat(1300)}${']'.repeat(1300)}}`
  refused(t, tokens, sign(`${encode(header)}.${Buffer.from(fits).toString('base64url')}`, privateKey), 'as deep as fits')
  t.ok(passed() < 1000)
})

t.test('C14: claims of other types are refused', async t => {
  const { tokens, claims, header, privateKey } = service()
  const wrong: Record<string, unknown[]> = {
    client_id: ['', 'First-Party', 'first-party ', randomUUID(), 'console', ['first-party'], { 'first-party': 1 }, 1, true, null, undefined],
    sub: [1, {}, [], null, '__proto__', '', true, undefined, 'me', randomUUID().toUpperCase()],
    sid: [1, null, '', '__proto__', [randomUUID()], undefined],
    jti: [1, null, undefined, 'x'],
    role: [1, null, '', ['super_admin'], { name: 'super_admin' }, undefined],
    ver: ['7', 1.5, -1, null, undefined, 2 ** 53, true],
    epoch: [[1], [1, 2, 3], ['1', '2'], 1, null, undefined, [1, -1], [1, 1.5], {}, [[1], [2]]],
    amr: ['pwd', [], [1], null, undefined, [['pwd']], {}],
    acr: ['', 1, null, ['phr'], {}],
    auth_time: ['1', null, undefined, -1, 1.5],
    vendor_id: [1, null, '', 'x', [randomUUID()]],
    must_change_password: [false, 'true', 1, null],
    gen: ['1', 1.5, -1, null, true]
  }

  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) refused(t, tokens, forge(header, claims({ [name]: value }), privateKey), `${name} ${JSON.stringify(value)}`)
  }
  const polluting = JSON.stringify(claims()).replace('{', '{"__proto__":{"role":"super_admin"},')
  const payload = Buffer.from(polluting).toString('base64url')
  t.equal(tokens.verify(sign(`${encode(header)}.${payload}`, privateKey)).role, 'user')
  t.notOk('polluted' in {})
})

t.test('C14, C15: tokens of a key that has left the ring are refused, cached or not', async t => {
  const { tokens, contents, replaceKeys } = service()
  const { token } = tokens.sign(contents)
  t.ok(tokens.verify(token))
  replaceKeys()

  refused(t, tokens, token, 'a token that was remembered')
  t.ok(tokens.verify(tokens.sign(contents).token))
})

t.test('a signature by a stranger’s key under our key id is refused', async t => {
  const { tokens, claims, header } = service()
  refused(t, tokens, forge(header, claims(), generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey), 'P-256')
  refused(t, tokens, forge(header, claims(), generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey), 'secp256k1')
})

t.test('any altered character makes a token worthless', async t => {
  const { tokens, contents } = service()
  const { token } = tokens.sign(contents)
  tokens.verify(token)

  for (let at = 0; at < token.length; at += 3) {
    refused(t, tokens, token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1), `character ${at}`)
  }
  for (let length = 0; length < token.length; length += 11) refused(t, tokens, token.slice(0, length), `cut at ${length}`)
})

t.test('a node that cannot decrypt its key verifies and reports that it cannot sign', async t => {
  const { tokens, contents, blind } = service()
  const { token } = tokens.sign(contents)
  blind()

  t.ok(tokens.verify(token))
  t.throws(() => tokens.sign(contents), { code: 'unavailable' })
})

t.test('a token of a key that this node cannot judge is neither taken nor called invalid', async t => {
  const { tokens, claims, privateKey, lookUps, halve } = service()
  halve()
  const token = forge({ alg: 'ES256', typ: 'at+jwt', kid: randomUUID() }, claims(), privateKey)

  await t.rejects(async () => await tokens.verifyOrReload(token), { code: 'unavailable' })
  t.equal(lookUps.count, 1)
  refused(t, tokens, `${token}x`, 'what is no token of ours')
})

t.test('each check of a token is counted by its outcome', async t => {
  const { tokens, contents, clock, checked, claims, privateKey, lookUps } = service()
  const { token } = tokens.sign(contents)
  tokens.verify(token)
  await tokens.verifyOrReload(token)
  tokens.readExpired(token)
  refused(t, tokens, 'x', 'no token')
  clock.advance(15 * minute)
  t.throws(() => tokens.verifyOrReload(token))
  t.strictSame(checked, { valid: 2, invalid: 1, expired: 1 }, 'and what only reads a token counts nothing')

  lookUps.fails = true
  await t.rejects(async () => await tokens.verifyOrReload(forge({ alg: 'ES256', typ: 'at+jwt', kid: randomUUID() }, claims(), privateKey)))
  t.equal(checked['unavailable'], 1)
})

t.test('verifying a cached token costs next to nothing', async t => {
  const { tokens, contents } = service()
  const list = Array.from({ length: 100 }, () => tokens.sign(contents).token)
  for (const token of list) tokens.verify(token)
  const passed = startStopwatch()
  for (let round = 0; round < 200; round++) for (const token of list) tokens.verify(token)
  const each = passed() / 20_000 * 1000

  t.comment(`${each.toFixed(2)} µs`)
  t.ok(each < 10, 'a signature would take ten times as long')
})

/** Tokens over a ring of two keys, and everything that a forger who has the key needs. */
function service (clock = createClock()) {
  const lookUps: { count: number, finds: [string, KeyObject] | null, fails: boolean } = {
    count: 0,
    finds: null,
    fails: false
  }
  const keyring = { current: newRing(), lookUp }
  const seen: AccessClaims[] = []
  const checked: Record<string, number> = {}
  const tokens = createTokens({
    keyring,
    metrics: {
      increment: (_name, labels) => {
        const outcome = String(Object.values(labels)[0])
        checked[outcome] = (checked[outcome] ?? 0) + 1
      }
    },
    jwt: { createSigner, createVerifier },
    clock,
    issuer,
    audience,
    accessTokenTtl: 15 * minute,
    seen: claims => seen.push(claims)
  })
  const contents: AccessTokenContents = {
    userId: randomUUID(),
    sessionId: randomUUID(),
    authTime: clock.now() - minute,
    amr: ['pwd'],
    role: 'user',
    vendorId: null,
    epoch: [3, 5],
    version: 7,
    mustChangePassword: false,
    generation: 4,
    sessionEnd: clock.now() + 86_400_000
  }
  const { kid, privateKey } = keyring.current.signing
  const publicKey = keyring.current.verifying.get(kid) as KeyObject

  const header = { alg: 'ES256', typ: 'at+jwt', kid }
  const changes = { replaceKeys, blind, halve }
  return { tokens, clock, contents, claims, kid, header, privateKey, publicKey, lookUps, seen, checked, ...changes }

  function claims (changes: Record<string, unknown> = {}) {
    return { ...claimsOf(tokens.sign(contents).token), ...changes }
  }

  function replaceKeys () { keyring.current = newRing() }

  function halve () { Object.assign(keyring, { current: { ...keyring.current, isPartial: true } }) }

  function blind () { Object.assign(keyring, { current: { ...keyring.current, signing: null } }) }

  async function lookUp (): Promise<Ring> {
    lookUps.count++
    if (lookUps.fails) throw new Refusal('unavailable')
    if (lookUps.finds) {
      keyring.current = { ...keyring.current, verifying: new Map([...keyring.current.verifying, lookUps.finds]) }
    }
    return keyring.current
  }
}

function newRing () {
  const [active, next] = [0, 1].map(() => ({ kid: String(randomUUID()), ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) }))
  if (!active || !next) throw new Error('two keys')
  return {
    signing: { kid: active.kid, privateKey: active.privateKey },
    verifying: new Map([active, next].map(({ kid, publicKey }) => [kid, publicKey])),
    jwks: { keys: [] },
    etag: '""',
    isPartial: false
  }
}

function refused (t: Test, tokens: ReturnType<typeof createTokens>, token: string, what: string) {
  t.throws(() => tokens.verify(token), { code: 'invalid_token', status: 401 }, what)
}

function forge (header: object, claims: object, key: KeyObject) {
  return sign(`${encode(header)}.${encode(claims)}`, key)
}

function sign (input: string, key: KeyObject) {
  return `${input}.${signBytes('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

function encode (value: object) {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function headerOf (token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())
}

function claimsOf (token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
}
