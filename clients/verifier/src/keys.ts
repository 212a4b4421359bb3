import { createPublicKey } from 'node:crypto'
import type { JsonWebKey, KeyObject } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { unavailable } from '../../../lib/errors.ts'
import type { Clock } from './clock.ts'
import { fieldsOf } from './fields.ts'

export interface KeyParts {
  url: string
  clock: Clock
  fetch: typeof fetch
  /** After a change that could not be read for this long (ms), no key is trusted. */
  staleAfter: number
  /** After this time (ms) every node knows of a change, or answers no longer. */
  nodesLag?: number
  /** Is called with the first error of each series. */
  warn: (error: unknown) => void
}

/** A published key, and the same as PEM. */
export interface PublishedKey { key: KeyObject, pem: string }

export type Keys = ReturnType<typeof createKeys>

/** How long (ms) keys may be kept when the answer does not say. */
const maxAgeDefault = 5 * 60_000
/** An unknown key makes this process ask at most once in this time (ms). */
const lookUpInterval = 10_000
/** How long (ms) an answer may take. */
const deadline = 3000
/** The pause (ms) after a read that has failed. It doubles up to the longest. */
const pauseMin = 200
const pauseMax = 1000

/**
 * The published keys of Latchkey. They are kept through an outage, and read again when they are older than their answer
 * allows, when the feed reports a change, and for a key that is not among them.
 */
export function createKeys ({ url, clock, fetch, staleAfter, nodesLag = 4000, warn }: KeyParts) {
  let keys = new Map<string, PublishedKey>()
  let etag = ''
  let expiresAt = -Infinity
  let lookedUpAt = -Infinity
  let failures = 0
  /** Until then (monotonic, ms) no token causes a read, because one has failed. */
  let restsUntil = -Infinity
  let changedAt: number | null = null
  let reading: Promise<boolean> | null = null
  let version = 0
  /** Questions are numbered in the order in which they are asked. */
  let asked = 0
  let heldFrom = 0
  let reported = 0
  let settled = 0
  /** What a node must have read to know the last change; null if it was told by a node of an older version. */
  let asOf: string | null = null
  let lastRead: NodeJS.Timeout | undefined
  let isCatchingUp = false
  const closing = new AbortController()

  return { find, lookUp, changed, isTrusted, close, get version () { return version } }

  /**
   * The key of this id; undefined if it is not known.
   * @throws Refusal `unavailable` while the keys have changed and could not be read
   */
  function find (kid: string): PublishedKey | undefined {
    if (!isTrusted()) {
      throw unavailable(new Error('the keys have changed and cannot be read'))
    }
    if (clock.monotonic() >= Math.max(expiresAt, restsUntil)) read()
    return keys.get(kid)
  }

  /** Whether no change of the keys is known that could not be read for too long. */
  function isTrusted (): boolean {
    return changedAt === null || clock.monotonic() - changedAt < staleAfter
  }

  /**
   * Like `find`, but asks before it does without a key.
   * @throws Refusal `unavailable` also if nothing has ever been read
   */
  async function lookUp (kid: string): Promise<PublishedKey | undefined> {
    const isDue = clock.monotonic() >= Math.max(lookedUpAt + lookUpInterval, restsUntil)
    if (isDue && !find(kid)) {
      lookedUpAt = clock.monotonic()
      // What was not answered may be asked again after the pause.
      if (!await read()) lookedUpAt = -Infinity
    } else {
      await reading
    }
    if (keys.size === 0) throw unavailable(new Error('the published keys have never been read'))
    return find(kid)
  }

  /**
   * The keys have changed, or may have. Reads them, again and again until a node answers that knows of it. Without
   * `asOf` any answer counts, and they are read once more when every node knows of it.
   * @param since the last moment (monotonic, ms) at which it is known that they had not
   * @param knownAsOf what that node must have read; null if a node of an older version has told the change
   */
  function changed (since: number, knownAsOf: string | null) {
    asOf = knownAsOf
    clearTimeout(lastRead)
    if (asOf === null) lastRead = setTimeout(() => report(clock.monotonic()), nodesLag).unref()
    report(since)
  }

  function report (since: number) {
    reported++
    changedAt ??= Math.max(since, clock.monotonic() - staleAfter)
    catchUp()
  }

  function close () {
    clearTimeout(lastRead)
    closing.abort()
  }

  async function catchUp () {
    if (isCatchingUp) return
    isCatchingUp = true
    while (settled < reported && !closing.signal.aborted) {
      const upTo = reported
      if (await ask()) settled = upTo
      else await rest().catch(() => {})
    }
    changedAt = null
    isCatchingUp = false
  }

  /** Reads, once for all who wait for it; whether that has succeeded. */
  function read (): Promise<boolean> {
    reading ??= ask().finally(() => { reading = null })
    return reading
  }

  async function ask (): Promise<boolean> {
    try {
      await readNow()
      failures = 0
      return true
    } catch (error) {
      failed(error)
      return false
    }
  }

  // The pause is random, so that the services of a deployment that is back do not ask at one moment.
  function failed (error: unknown) {
    if (closing.signal.aborted) return
    restsUntil = clock.monotonic() + Math.min(pauseMax, pauseMin * 2 ** failures) * (0.5 + Math.random() / 2)
    if (failures++ === 0) warn(error)
  }

  async function rest () {
    await pause(restsUntil - clock.monotonic(), undefined, { signal: closing.signal, ref: false })
  }

  // Answers may overtake each other. The newest question counts. A node that is cut off, or a cache, goes on to answer
  // with keys of before the last change: what was told of it is asked for, and has to be in the answer.
  async function readNow () {
    const [number, wanted] = [++asked, asOf]
    const answer = await fetch(wanted === null ? url : `${url}?as_of=${encodeURIComponent(wanted)}`, {
      headers: {
        accept: 'application/json',
        'cache-control': 'no-cache',
        ...(wanted === null && etag !== '' && { 'if-none-match': etag })
      },
      signal: AbortSignal.timeout(deadline),
      redirect: 'error'
    })
    if (answer.status !== 200 && (answer.status !== 304 || wanted !== null)) throw new Error(`the keys were answered with ${answer.status}`)
    const published = answer.status === 304 ? null : readKeys(await answer.json(), wanted)
    if (number < heldFrom) return

    heldFrom = number
    expiresAt = clock.monotonic() + maxAgeOf(answer.headers.get('cache-control'))
    if (published === null) return
    keys = published
    etag = answer.headers.get('etag') ?? ''
    version++
  }
}

function maxAgeOf (cacheControl: string | null): number {
  const seconds = /max-age=(\d{1,6})/.exec(cacheControl ?? '')?.[1]
  return seconds === undefined ? maxAgeDefault : Number(seconds) * 1000
}

function readKeys (set: unknown, asOf: string | null): Map<string, PublishedKey> {
  const { keys, as_of: answered } = fieldsOf(set)
  if (!Array.isArray(keys)) throw new Error('the answer is no set of keys')
  if (asOf !== null && answered !== asOf) throw new Error('the keys may be those of before they have changed')
  return new Map(keys.flatMap(jwk => {
    const { kid, alg, ...rest } = fieldsOf(jwk)
    if (typeof kid !== 'string' || alg !== 'ES256') return []
    const key = createPublicKey({ key: ellipticKey(rest), format: 'jwk' })
    return [[kid, { key, pem: key.export({ type: 'spki', format: 'pem' }).toString() }]]
  }))
}

function ellipticKey ({ crv, x, y }: Record<string, unknown>): JsonWebKey {
  return { kty: 'EC', crv: String(crv), x: String(x), y: String(y) }
}
