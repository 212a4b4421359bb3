// What others say of the same bytes: the library of SimpleWebAuthn, Yubico's for Python, and Yubico's libfido2 in C.
import { createHash, createPublicKey, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server'
import t from 'tap'
import { authenticatorDataIn } from '../../../lib/webauthn/attestation.ts'
import { readAuthenticatorData } from '../../../lib/webauthn/authenticator-data.ts'
import { createWebauthnVerifier } from '../../../lib/webauthn/verifier.ts'
import { bytes, createAuthenticator, text } from '../../support/accounts/authenticator.ts'
import type { Lies } from '../../support/accounts/authenticator.ts'
import { debianProgram, runProgram } from '../../support/outside/debian-program.ts'
import { debianPython } from '../../support/outside/debian-python.ts'

const [rpId, origin] = ['example.org', 'https://example.org']
const challenge = randomBytes(72).toString('base64url')
const options = { challenge, rpId, rp: { id: rpId } }
const verifier = createWebauthnVerifier({ rpId, origins: [origin] })
const algorithms = { es256: -7, eddsa: -8, rs256: -257 } as const
type Name = keyof typeof algorithms

const python = await debianPython(['python3-fido2'])
const libfido2 = await debianProgram('fido2-assert', ['fido2-tools'])

/** What an authenticator and a browser say, honest and not. */
const cases: Record<string, Lies> = {
  'an honest answer': {},
  'a counter that goes back': { count: 0 },
  'no user verified': { flags: ['UP'] },
  'a key that is backed up': { flags: ['UP', 'UV', 'BE', 'BS'] },
  'an extension': { flags: ['UP', 'UV', 'ED'], leftover: Buffer.concat([Buffer.from([0xa1]), text('x'), Buffer.from([0x01])]) },
  'an unknown member': { clientData: { other: 1 } },
  'another type': { type: 'webauthn.other' },
  'another origin': { origin: 'https://evil.example' },
  'plain http': { origin: 'http://example.org' },
  'another RP id': { rpId: 'evil.example' },
  'another challenge': { clientData: { challenge: 'x' } },
  'no user present': { flags: ['UV'] },
  'bytes left over': { leftover: Buffer.from([0]) },
  'an extension that is missing': { flags: ['UP', 'UV', 'ED'] },
  'a subdomain': { origin: 'https://www.example.org' },
  'backed up, but not eligible': { flags: ['UP', 'UV', 'BS'] },
  'a page within a page': { clientData: { crossOrigin: true } },
  'no signature': { signature: () => Buffer.alloc(0) },
  'a signature of zeros': { signature: () => Buffer.alloc(70) },
  'the signature of something else': { signature: () => randomBytes(64) }
}

/** What they accept and we refuse, on purpose; and a registration is not signed, so a signature says nothing there. */
const accepted = {
  library: ['a page within a page'],
  python: ['a subdomain', 'backed up, but not eligible', 'a page within a page']
}
const [good, unsigned] = [Object.keys(cases).slice(0, 6), Object.keys(cases).slice(-3)]

for (const name of Object.keys(algorithms) as Name[]) {
  t.test(`a registration with ${name} is judged as others judge it`, async t => {
    const key = createAuthenticator({ origin, algorithm: algorithms[name] })
    const answers = Object.values(cases).map(lies => key.create(options, lies))
    const ours = answers.map(({ id, response: { clientDataJSON: clientDataJson, attestationObject } }) => {
      return verifier.verifyRegistration({ id, clientDataJson, attestationObject }, { challenge, userVerification: 'discouraged' })
    })
    t.strictSame(names(ours), [...good, ...unsigned])

    const library = await Promise.all(answers.map(async response => await verifyRegistrationResponse({
      response: { ...response, type: 'public-key', response: { ...response.response, transports: [] }, authenticatorAttachment: 'platform' },
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: rpId,
      requireUserVerification: false
    }).then(({ registrationInfo: info }) => info ?? null, () => null)))
    t.strictSame(differences(library, ours), accepted.library)
    for (const [at, made] of ours.entries()) {
      if (made !== null) t.match(made, sameCredential(library[at]), nameOf(at))
    }
  })

  t.test(`an assertion with ${name} is judged as others judge it`, { skip: python.missing }, async t => {
    const key = createAuthenticator({ origin, algorithm: algorithms[name] })
    const { publicKey, credentialId } = register(key)
    const answers = Object.values(cases).map(lies => key.get(options, lies))
    const ours = answers.map(({ id, response: { clientDataJSON: clientDataJson, authenticatorData, signature } }) => {
      return verifier.verifyAssertion({ id, clientDataJson, authenticatorData, signature }, { challenge, publicKey })
    })
    t.strictSame(names(ours), good)

    const library = await Promise.all(answers.map(async response => await verifyAuthenticationResponse({
      response: { ...response, type: 'public-key' },
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: rpId,
      requireUserVerification: false,
      credential: { id: response.id, publicKey: new Uint8Array(publicKey), counter: 0 }
    }).then(({ verified, authenticationInfo: info }) => verified ? info : null, () => null)))
    t.strictSame(differences(library, ours), accepted.library)
    for (const [at, state] of ours.entries()) {
      const { newCounter: signCount, userVerified, credentialBackedUp: backedUp } = library[at] ?? {}
      if (state !== null) t.match(state, { signCount, userVerified, backedUp }, nameOf(at))
    }

    const credential = { publicKey: base64(publicKey), id: base64(credentialId) }
    const input = JSON.stringify({ rpId, challenge, ...credential, answers: answers.map(({ response }) => response) })
    const { code, stdout, output } = await runProgram(python, ['-c', asPythonJudges], { input })
    t.equal(code, 0, output)
    t.strictSame(differences(JSON.parse(stdout), ours), accepted.python)
  })

  t.test(`libfido2 accepts what we accept with ${name}, and refuses what is changed`, { skip: libfido2.missing }, async t => {
    const key = createAuthenticator({ origin, algorithm: algorithms[name] })
    const { publicKey } = register(key)
    const folder = mkdtempSync(join(tmpdir(), 'libfido2-'))
    const keyFile = join(folder, 'key')
    writeFileSync(keyFile, pemOf(publicKey))

    for (const flags of [['UP', 'UV'], ['UP']] as const) {
      const { response } = key.get(options, { flags })
      const data = Buffer.from(response.authenticatorData, 'base64url')
      const clientData = Buffer.from(response.clientDataJSON, 'base64url')
      const verified = flags.length === 2
      t.equal(await judge(data, clientData, response.signature, '-pv'), verified, `verified: ${verified}`)
      t.ok(await judge(data, clientData, response.signature, '-p'), 'without a look at that')
      t.notOk(await judge(data, Buffer.concat([clientData, Buffer.from(' ')]), response.signature, '-p'), 'changed client data')
      t.notOk(await judge(Buffer.concat([data, Buffer.from([0])]), clientData, response.signature, '-p'), 'a byte more')
    }

    async function judge (data: Buffer, clientData: Buffer, signature: string, flags: string) {
      const file = join(folder, randomBytes(4).toString('hex'))
      const lines = [createHash('sha256').update(clientData).digest(), rpId, bytes(data), Buffer.from(signature, 'base64url')]
      writeFileSync(file, lines.map(line => Buffer.isBuffer(line) ? line.toString('base64') : line).join('\n').concat('\n'))
      const { code } = await runProgram(libfido2, ['-V', flags, '-i', file, keyFile, name])
      return code === 0
    }
  })
}

t.test('libfido2 finds the same key in a credential that vouches for itself', { skip: libfido2.missing }, async t => {
  const { vectors } = JSON.parse(readFileSync(new URL('../../data/webauthn-l3-vectors.json', import.meta.url), 'utf8'))
  const { registration } = vectors.find(({ anchor }: { anchor: string }) => anchor.endsWith('packed-self-es256'))
  const object = Buffer.from(registration.attestationObject, 'hex')
  const data = authenticatorDataIn(object)
  const { attested } = readAuthenticatorData(data)
  t.ok(attested)
  const signature = object.subarray(object.indexOf(text('sig')) + text('sig').length + 2, object.indexOf(text('authData')))
  const clientDataHash = createHash('sha256').update(Buffer.from(registration.clientDataJSON, 'hex')).digest()
  const credentialId = Buffer.from(registration.credential_id, 'hex')
  const lines = [base64(clientDataHash), rpId, 'packed', ...[bytes(data), credentialId, signature].map(base64)]
  const path = libfido2.path.replace(/assert$/, 'cred')
  const { code, stdout, output } = await runProgram({ ...libfido2, path }, ['-V'], { input: lines.join('\n').concat('\n') })
  t.equal(code, 0, output)
  t.match(stdout, pemOf(attested?.publicKey ?? Buffer.alloc(0)).trim())
})

/** Reads what a browser answers from the standard input, and prints for each answer whether it is accepted. */
const asPythonJudges = `
import json, sys
from base64 import b64decode, urlsafe_b64decode
from fido2 import cbor
from fido2.client import ClientData
from fido2.ctap2 import AttestedCredentialData, AuthenticatorData
from fido2.server import Fido2Server
from fido2.webauthn import PublicKeyCredentialRpEntity

def read(text):
    return urlsafe_b64decode(text + '=' * (-len(text) % 4))

given = json.load(sys.stdin)
server = Fido2Server(PublicKeyCredentialRpEntity(given['rpId'], 'test'))
credential_id = b64decode(given['id'])
credential = AttestedCredentialData.create(b'\\0' * 16, credential_id, cbor.decode(b64decode(given['publicKey'])))
state = {'challenge': given['challenge'], 'user_verification': 'discouraged'}

def judge(answer):
    try:
        server.authenticate_complete(
            state, [credential], credential_id, ClientData(read(answer['clientDataJSON'])),
            AuthenticatorData(read(answer['authenticatorData'])), read(answer['signature']))
        return True
    except Exception as error:
        return None

json.dump([judge(answer) for answer in given['answers']], sys.stdout)
`

/** The names of the cases with a verdict that is not null. */
function names (verdicts: unknown[]) {
  return Object.keys(cases).filter((_, at) => verdicts[at] !== null)
}

function nameOf (at: number) {
  return Object.keys(cases)[at] ?? ''
}

/** The names of the cases that two judge differently. */
function differences (theirs: unknown[], ours: unknown[]) {
  return Object.keys(cases).filter((_, at) => (theirs[at] === null) !== (ours[at] === null))
}

function register (key: ReturnType<typeof createAuthenticator>) {
  const { id, response: { clientDataJSON: clientDataJson, attestationObject } } = key.create(options)
  const made = verifier.verifyRegistration({ id, clientDataJson, attestationObject }, { challenge, userVerification: 'required' })
  if (made === null) throw new Error('an honest registration is refused')
  return made
}

function sameCredential (info: Awaited<ReturnType<typeof verifyRegistrationResponse>>['registrationInfo'] | null | undefined) {
  const { credential, aaguid, userVerified, credentialBackedUp: backedUp } = info ?? {}
  return {
    aaguid, userVerified, backedUp, signCount: credential?.counter, publicKey: Buffer.from(credential?.publicKey ?? [])
  }
}

/** The public key in PEM, of the COSE bytes of one of our three algorithms. */
function pemOf (cose: Buffer): string {
  const member = (key: string, length: number) => {
    const at = cose.indexOf(Buffer.from(key, 'hex')) + key.length / 2
    return cose.subarray(at, at + length).toString('base64url')
  }
  const jwk = cose[4] === 0x26
    ? { kty: 'EC', crv: 'P-256', x: member('215820', 32), y: member('225820', 32) }
    : cose[4] === 0x27
      ? { kty: 'OKP', crv: 'Ed25519', x: member('215820', 32) }
      : { kty: 'RSA', n: member('20590100', 256), e: member('2143', 3) }
  return String(createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'pem', type: 'spki' }))
}

function base64 (data: Buffer) {
  return data.toString('base64')
}
