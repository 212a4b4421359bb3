import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { createWebauthnVerifier } from '../../../lib/webauthn/verifier.ts'
import { bytes, coseOf, createAuthenticator, text } from '../../support/accounts/authenticator.ts'
import type { Lies } from '../../support/accounts/authenticator.ts'

type Member = 'challenge' | 'clientDataJSON' | 'attestationObject' | 'authenticatorData' | 'signature'
type Part = Record<Member | 'credential_id' | 'aaguid', string>
interface Vector { anchor: string, registration: Part, authentication: Part }

/** The test vectors of WebAuthn Level 3, section 16. */
const { vectors, rp_id: rpId, origin }: { vectors: Vector[], rp_id: string, origin: string } =
  JSON.parse(readFileSync(new URL('../../data/webauthn-l3-vectors.json', import.meta.url), 'utf8'))

const verifier = createWebauthnVerifier({ rpId, origins: [origin] })
const challenge = randomBytes(72).toString('base64url')
const userVerification = 'required'
const required = { challenge, userVerification } as const
const options = { challenge, rpId, rp: { id: rpId } }

/** The algorithms that are not offered, and the pages within pages of other origins. */
const refused = /es384|es512|ed448|crossOrigin|topOrigin/

for (const { anchor, registration, authentication } of vectors) {
  const name = anchor.replace('sctn-test-vectors-', '')

  t.test(`the test vector ${name} is ${refused.test(name) ? 'refused' : 'accepted, whatever its attestation'}`, async t => {
    const id = base64(registration.credential_id)
    const create = {
      id,
      clientDataJson: base64(registration.clientDataJSON),
      attestationObject: base64(registration.attestationObject)
    }
    const made = await verifier.verifyRegistration(create, { challenge: base64(registration.challenge), userVerification: 'discouraged' })
    if (refused.test(name)) return t.equal(made, null)

    t.equal(made?.credentialId.toString('hex'), registration.credential_id)
    t.equal(made?.aaguid.replaceAll('-', ''), registration.aaguid)
    const flags = Buffer.from(registration.attestationObject, 'hex')
    t.ok(flags.includes(made?.publicKey ?? 'x'), 'the key is stored as it came')
    const strict = await verifier.verifyRegistration(create, { challenge: base64(registration.challenge), userVerification: 'required' })
    t.equal(strict !== null, made?.userVerified, 'whoever was not verified is refused where that is demanded')

    const get = {
      id,
      clientDataJson: base64(authentication.clientDataJSON),
      authenticatorData: base64(authentication.authenticatorData),
      signature: base64(authentication.signature)
    }
    const ask = { challenge: base64(authentication.challenge), publicKey: made?.publicKey ?? Buffer.alloc(0) }
    t.match(await verifier.verifyAssertion(get, ask), { signCount: Number, userVerified: Boolean })
    for (const [part, text] of Object.entries(get)) {
      if (part === 'id') continue
      t.equal(await verifier.verifyAssertion({ ...get, [part]: tampered(text) }, ask), null, `a changed ${part} is refused`)
    }
    t.equal(await verifier.verifyAssertion(get, { ...ask, publicKey: verifier.decoyKey() }), null, 'and so is any other key')
  })
}

for (const algorithm of [-7, -8, -257] as const) {
  t.test(`a key of the algorithm ${algorithm} is registered and signs`, async t => {
    const key = createAuthenticator({ origin, algorithm, flags: ['UP', 'UV', 'BE', 'BS'] })
    const made = await register(key)
    t.match(made, { algorithm, userVerified: true, backupEligible: true, backedUp: true, signCount: 0 })
    const assertion = await sign(key, made?.publicKey ?? Buffer.alloc(0))
    t.match(assertion, { signCount: 1, userVerified: true, backupEligible: true, backedUp: true })
  })
}

// A library that verifies statements would fetch what certificates of the client name.
t.test('no attestation statement is looked at, and nothing is fetched for one', async t => {
  const asked: string[] = []
  const server = createServer((request, response) => { asked.push(request.url ?? ''); response.end() })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const fetched = globalThis.fetch
  t.teardown(() => { globalThis.fetch = fetched })
  globalThis.fetch = async (...[url]) => { asked.push(String(url)); throw new Error('no connection') }

  const key = createAuthenticator({ origin })
  const junk = Buffer.concat([Buffer.from([0xa3]), text('alg'), Buffer.from([0x26]), text('sig'), bytes(randomBytes(64)), text('x5c'), Buffer.from([0x81]), bytes(randomBytes(300))])
  for (const fmt of ['none', 'packed', 'tpm', 'android-key', 'android-safetynet', 'fido-u2f', 'apple', 'compound', 'x']) {
    const made = await register(key, { fmt, statement: junk })
    t.equal(made?.credentialId.toString('base64url'), key.id, `${fmt}: unattested, like any other`)
  }
  t.strictSame(asked, [])
})

t.test('a page within a page of another origin is refused', async t => {
  const key = createAuthenticator({ origin })
  const { publicKey = Buffer.alloc(0) } = await register(key) ?? {}
  for (const clientData of [{ crossOrigin: true }, { crossOrigin: true, topOrigin: 'https://evil.example' }, { topOrigin: origin }, { crossOrigin: 'false' }, { crossOrigin: null }]) {
    t.equal(await register(key, { clientData }), null, JSON.stringify(clientData))
    t.equal(await sign(key, publicKey, { clientData }), null, JSON.stringify(clientData))
  }
  t.ok(await verifier.verifyAssertion(got(key, { clientData: { crossOrigin: undefined } }), { challenge, publicKey }), 'older browsers do not say')
})

t.test('the counter is told and not judged', async t => {
  const key = createAuthenticator({ origin })
  const { publicKey = Buffer.alloc(0) } = await register(key, { count: 9 }) ?? {}
  for (const count of [0, 7, 9, 4_294_967_295]) {
    t.match(await sign(key, publicKey, { count }), { signCount: count })
  }
})

t.test('each part has a greatest size', async t => {
  const reasons: unknown[] = []
  const noting = createWebauthnVerifier({ rpId, origins: [origin], note: reason => reasons.push(String(reason)) })
  const key = createAuthenticator({ origin })
  const padded = { clientData: { padding: 'x'.repeat(4096) } }
  const publicKey = coseOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey)
  const tooLong = 'Error: a part is no base64url, empty or too long'

  for (const lies of [padded, { statement: Buffer.concat([Buffer.from([0xa1]), text('x'), bytes(Buffer.alloc(8192))]) }]) {
    t.equal(noting.verifyRegistration(created(key, lies), required), null)
    t.equal(reasons.pop(), tooLong)
  }
  for (const lies of [{ id: randomBytes(1024) }, { id: randomBytes(15) }]) {
    t.equal(noting.verifyRegistration(created(key, lies), required), null)
    t.equal(reasons.pop(), 'Error: the credential id is too short or too long')
  }
  const assertions: Lies[] = [
    padded, { id: randomBytes(1024) }, { leftover: Buffer.alloc(4096) }, { signature: () => Buffer.alloc(1025) }
  ]
  for (const lies of assertions) {
    t.equal(noting.verifyAssertion(got(key, lies), { challenge, publicKey }), null)
    t.equal(reasons.pop(), tooLong)
  }
  t.ok(noting.verifyRegistration(created(key, { id: randomBytes(1023) }), required), 'up to the greatest id')
  t.strictSame(reasons, [])
})

t.test('what extensions say is read to its end and not used', async t => {
  const key = createAuthenticator({ origin })
  const { publicKey = Buffer.alloc(0) } = await register(key) ?? {}
  const flags = ['UP', 'UV', 'ED'] as const
  const said = Buffer.concat([Buffer.from([0xa1]), text('credProtect'), Buffer.from([0x02])])
  t.match(await register(key, { flags, leftover: said }), { userVerified: true, publicKey })
  t.match(await sign(key, publicKey, { flags, leftover: said }), { userVerified: true })

  const lies: Record<string, Lies> = {
    'none, though the flag is set': { flags },
    'no map': { flags, leftover: Buffer.from([0x01]) },
    'bytes after them': { flags, leftover: Buffer.concat([said, Buffer.from([0])]) },
    'cut off': { flags, leftover: said.subarray(0, -1) },
    'there, though the flag is not set': { leftover: said }
  }
  for (const [what, lie] of Object.entries(lies)) {
    t.equal(await register(key, lie), null, what)
    t.equal(await sign(key, publicKey, lie), null, what)
  }
})

t.test('whatever is wrong is one refusal, and none is an error', async t => {
  const key = createAuthenticator({ origin })
  const { publicKey = Buffer.alloc(0) } = await register(key) ?? {}
  const P384 = coseOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey)
  const point = Buffer.concat([Buffer.from('a5010203262001215820', 'hex'), randomBytes(32), Buffer.from('225820', 'hex'), Buffer.alloc(32, 1)])
  const rsa = (modulusLength: number, publicExponent: number) => coseOf(generateKeyPairSync('rsa', { modulusLength, publicExponent }).publicKey)
  const twice = Buffer.concat([Buffer.from('a601020102032620012158', 'hex'), Buffer.alloc(70, 32)])

  const registrations: Record<string, Lies> = {
    'the type of a sign-in': { type: 'webauthn.get' },
    'another origin': { origin: 'https://evil.example' },
    'a subdomain': { origin: 'https://www.example.org' },
    'another port': { origin: 'https://example.org:8443' },
    'plain http': { origin: 'http://example.org' },
    'a path': { origin: 'https://example.org/' },
    'another RP id': { rpId: 'www.example.org' },
    'no user present': { flags: ['UV'] },
    'no user verified': { flags: ['UP'] },
    'backed up, but not eligible': { flags: ['UP', 'UV', 'BS'] },
    'leftover bytes': { leftover: Buffer.from([0]) },
    'P-384 under ES256': { key: P384 },
    'a point off the curve': { key: point },
    'RSA with a short modulus': { key: rsa(1024, 65537) },
    'RSA with the exponent 3': { key: rsa(2048, 3) },
    'RSA with a huge exponent': { key: Buffer.concat([Buffer.from('a401030339010020', 'hex'), bytes(Buffer.alloc(256, 255)), Buffer.from([0x21]), bytes(Buffer.alloc(384, 255))]) },
    'a member of the key twice': { key: twice },
    'a key that is no map': { key: Buffer.from([0x01]) },
    'deep CBOR': { statement: Buffer.alloc(6000, 0x81) },
    'a length that is not definite': { statement: Buffer.from([0xbf, 0xff]) },
    'a tag': { statement: Buffer.from([0xc0, 0x60]) },
    'a floating-point number': { statement: Buffer.from([0xf9, 0, 0]) }
  }
  for (const [what, lies] of Object.entries(registrations)) t.equal(await register(key, lies), null, what)

  const other = createAuthenticator({ origin })
  const good = created(key)
  t.equal(await verifier.verifyRegistration({ ...good, id: other.id }, required), null, 'the id of another credential')
  for (const challenge of ['', `${options.challenge}=`, base64('00')]) t.equal(await verifier.verifyRegistration(good, { ...required, challenge }), null, 'another challenge')
  for (const attestationObject of [`${good.attestationObject}=`, `${good.attestationObject}AA`, '', '!', base64('80'), base64('a0'), base64('a168617574684461746140')]) t.equal(await verifier.verifyRegistration({ ...good, attestationObject }, required), null, attestationObject.slice(-9))
  for (const said of ['', 'null', '1', '[]', '{', '{"challenge":1}', '{"challenge":null}']) t.equal(await verifier.verifyRegistration({ ...good, clientDataJson: Buffer.from(said).toString('base64url') }, required), null, said)

  const assertions: Record<string, Lies> = {
    'the type of a registration': { type: 'webauthn.create' },
    'another origin': { origin: 'https://evil.example' },
    'another RP id': { rpId: 'evil.example' },
    'no user present': { flags: ['UV'] },
    'backed up, but not eligible': { flags: ['UP', 'BS'] },
    'leftover bytes': { leftover: Buffer.from([0]) },
    'no signature': { signature: () => Buffer.alloc(0) },
    'a signature of zeros': { signature: () => Buffer.alloc(70) }
  }
  for (const [what, lies] of Object.entries(assertions)) t.equal(await sign(key, publicKey, lies), null, what)
  t.equal(await verifier.verifyAssertion(got(key), { challenge, publicKey: Buffer.alloc(0) }), null, 'no key')
})

t.test('no changed byte of an assertion is accepted, and no changed byte of a registration makes another credential', async t => {
  const key = createAuthenticator({ origin })
  const good = created(key)
  const { publicKey = Buffer.alloc(0) } = await verifier.verifyRegistration(good, required) ?? {}
  const signed = got(key)
  const change = fc.record({ place: fc.nat(), mask: fc.integer({ min: 1, max: 255 }) })

  const integer = 4 + (Buffer.from(signed.signature, 'base64url')[3] ?? 0)
  for (const place of [0, 1, 2, 3, integer, integer + 1]) {
    for (const mask of [0x80, 0x40, 0x01]) {
      const given = { ...signed, signature: changed(signed.signature, place, mask) }
      t.equal(await verifier.verifyAssertion(given, { challenge, publicKey }), null, `the same numbers in another form: ${place} ${mask}`)
    }
  }
  await fc.assert(fc.asyncProperty(fc.constantFrom('clientDataJson', 'authenticatorData', 'signature'), change, async (part, { place, mask }) => {
    const given = { ...signed, [part]: changed(signed[part], place, mask) }
    return await verifier.verifyAssertion(given, { challenge, publicKey }) === null
  }), { numRuns: 200 })
  await fc.assert(fc.asyncProperty(fc.constantFrom('clientDataJson', 'attestationObject'), change, async (part, { place, mask }) => {
    const given = { ...good, [part]: changed(good[part], place, mask) }
    const made = await verifier.verifyRegistration(given, required)
    const object = Buffer.from(given.attestationObject, 'base64url')
    return made === null || (made.credentialId.toString('base64url') === good.id && object.includes(made.publicKey))
  }), { numRuns: 200 })
})

type Key = ReturnType<typeof createAuthenticator>

async function register (key: Key, lies?: Lies) {
  return await verifier.verifyRegistration(created(key, lies), required)
}

async function sign (key: Key, publicKey: Buffer, lies?: Lies) {
  return await verifier.verifyAssertion(got(key, lies), { challenge, publicKey })
}

function created (key: Key, lies?: Lies) {
  const { id, response } = key.create(options, lies)
  return { id, clientDataJson: response.clientDataJSON, attestationObject: response.attestationObject }
}

function got (key: Key, lies?: Lies) {
  const { id, response } = key.get(options, lies)
  const { clientDataJSON: clientDataJson, authenticatorData, signature } = response
  return { id, clientDataJson, authenticatorData, signature }
}

function base64 (hex: string) {
  return Buffer.from(hex, 'hex').toString('base64url')
}

function tampered (encoded: string) {
  return changed(encoded, Math.floor(encoded.length / 2), 1)
}

function changed (encoded: string, place: number, mask: number) {
  const bytes = Buffer.from(encoded, 'base64url')
  const at = place % bytes.length
  bytes[at] = (bytes[at] ?? 0) ^ mask
  return bytes.toString('base64url')
}
