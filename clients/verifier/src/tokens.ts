import { verify as verifySignature } from 'node:crypto'
import { Refusal } from '../../../lib/errors.ts'
import { createTokenCache } from '../../../lib/tokens/cache.ts'
import { fieldsOf } from './fields.ts'
import type { Keys, PublishedKey } from './keys.ts'

/** The most characters of a token; a longer one is refused unread. */
const tokenCharsMax = 4096
/** The most tokens whose signature is remembered. */
const cacheEntriesMax = 10_000

// A token has one spelling only (RFC 7515): no padding, no white space, no stray bits after the signature's 64 bytes.
const compact = /^([A-Za-z0-9_-]{1,256})\.([A-Za-z0-9_-]{1,3750})\.([A-Za-z0-9_-]{85}[AQgw])$/

/**
 * The signatures of access tokens. A good one is remembered under the whole token, until the published keys change.
 * `node:crypto` verifies on the calling thread, because its threads are few and shared with files and names.
 */
export function createTokens (keys: Keys) {
  const cache = createTokenCache<object>(cacheEntriesMax)
  let version = -1

  return { read, keyOf }

  /**
   * The payload of a token whose signature is good. Nothing in it has been looked at.
   * @throws Refusal `invalid_token`; `unavailable` while no key may be trusted
   */
  async function read (token: unknown): Promise<object> {
    if (typeof token !== 'string' || token.length > tokenCharsMax) throw new Refusal('invalid_token')
    const [, header = '', payload = '', signature = ''] = compact.exec(token) ?? []
    if (signature === '') throw new Refusal('invalid_token')
    const { key } = await keyOf(parse(header))
    forgetAfterChange()
    const known = cache.get(token)
    if (known) return known

    const signed = Buffer.from(`${header}.${payload}`)
    const isGood = verifySignature(
      'sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url')
    )
    if (!isGood) throw new Refusal('invalid_token')
    const claims = parse(payload)
    cache.set(token, claims)
    return claims
  }

  /**
   * The key of a token with this header, which has to be the one of an access token (RFC 9068, RFC 8725).
   * @throws Refusal as `read`
   */
  async function keyOf (header: unknown): Promise<PublishedKey> {
    const { alg, typ, kid, ...others } = fieldsOf(header)
    const isOurs = alg === 'ES256' && typ === 'at+jwt' && typeof kid === 'string' && Object.keys(others).length === 0
    if (!isOurs) throw new Refusal('invalid_token')
    const key = keys.find(kid) ?? await keys.lookUp(kid)
    if (!key) throw new Refusal('invalid_token')
    return key
  }

  function forgetAfterChange () {
    if (version === keys.version) return
    cache.clear()
    version = keys.version
  }
}

function parse (text: string): object {
  try {
    return fieldsOf(JSON.parse(Buffer.from(text, 'base64url').toString()))
  } catch {
    throw new Refusal('invalid_token')
  }
}
