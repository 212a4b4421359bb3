import { createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { isIP } from 'node:net'

/** A certificate and its private key, in PEM. */
export interface Certified { cert: string, key: string }

export interface Authority { cert: string, issue (...names: string[]): Certified }

/**
 * A certificate authority of this test's own (RFC 5280, only as much as is needed), which signs for names and
 * addresses.
 */
export function createAuthority (name: string): Authority {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

  return { cert: certify(name, privateKey, [basicConstraints]), issue }

  function issue (...names: string[]): Certified {
    const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    return { cert: certify(names[0] ?? 'nobody', key, [alternativeNames(names)]), key: key.export({ type: 'pkcs8', format: 'pem' }).toString() }
  }

  function certify (subject: string, key: KeyObject, extensions: Buffer[]): string {
    const body = sequence(
      tagged(0xa0, integer(Buffer.from([2]))),
      integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
      ecdsaWithSha256,
      distinguished(name),
      sequence(time(Date.now() - 3_600_000), time(Date.now() + 86_400_000)),
      distinguished(subject),
      createPublicKey(key).export({ type: 'spki', format: 'der' }),
      tagged(0xa3, sequence(...extensions))
    )
    return pem(sequence(body, ecdsaWithSha256, bits(sign('sha256', body, privateKey))))
  }
}

const tagged = (tag: number, ...parts: Buffer[]) => {
  const body = Buffer.concat(parts)
  const length = body.length < 0x80
    ? [body.length]
    : body.length < 0x100 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), body])
}
const sequence = (...parts: Buffer[]) => tagged(0x30, ...parts)
const integer = (bytes: Buffer) => tagged(0x02, bytes)
const bits = (bytes: Buffer) => tagged(0x03, Buffer.from([0]), bytes)
const octets = (bytes: Buffer) => tagged(0x04, bytes)
const identifier = (hex: string) => tagged(0x06, Buffer.from(hex, 'hex'))
const time = (at: number) => tagged(0x17, Buffer.from(new Date(at).toISOString().replaceAll(/[-:T]|\.\d+/g, '').slice(2)))
const distinguished = (name: string) => sequence(tagged(0x31, sequence(identifier('550403'), tagged(0x0c, Buffer.from(name)))))

const ecdsaWithSha256 = sequence(identifier('2a8648ce3d040302'))
const basicConstraints = sequence(identifier('551d13'), tagged(0x01, Buffer.from([0xff])), octets(sequence(tagged(0x01, Buffer.from([0xff])))))

function alternativeNames (names: string[]) {
  const each = names.map(name => isIP(name) ? tagged(0x87, Buffer.from(name.split('.').map(Number))) : tagged(0x82, Buffer.from(name)))
  return sequence(identifier('551d11'), octets(sequence(...each)))
}

function pem (der: Buffer) {
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replaceAll(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`
}
