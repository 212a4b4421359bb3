import type { CallOptions } from './calls.ts'
import { isRefusal } from './errors.ts'
import type { Latchkey } from './latchkey.ts'
import type { SignedIn } from './session.ts'
import type { AnswerOf, InputOf } from './types.ts'

export interface PasskeyOptions extends CallOptions {
  /**
   * Offers passkeys among the suggestions of a field with `autocomplete="username webauthn"`, and waits until one is
   * chosen or `signal` gives it up. Otherwise the browser shows its dialogue.
   */
  isConditional?: boolean
}

/** What is used of a browser: the Web Authentication API, Level 3. */
interface Browser {
  /** This is there in any case. The others are not in Node, nor over plain http. */
  AbortSignal: unknown
  navigator?: { credentials?: Credentials }
  PublicKeyCredential?: Parser
}

interface Credentials {
  get (options: object): Promise<unknown>
  create (options: object): Promise<unknown>
}

interface Parser {
  parseRequestOptionsFromJSON (options: object): object
  parseCreationOptionsFromJSON (options: object): object
  signalUnknownCredential? (unknown: { rpId: string, credentialId: string }): Promise<void>
}

interface SecondStep {
  mfa_token?: string | undefined
  device_name?: string
  remember_device?: boolean
}

type RequestOptions = AnswerOf<'getPasskeyLoginOptions'>['public_key']
type Assertion = InputOf<'loginWithPasskey'>['credential']

/** The part of its validity after which an offer is replaced, so that a page may wait for its user all day. */
const renewedAfter = 0.7

/**
 * Signs in with a passkey, without a name and a password. A passkey that the account has removed is forgotten by the
 * browser.
 *
 * @throws RefusalOf<'loginWithPasskey'>, and the DOMException of the browser: `NotAllowedError` if the user does not
 * want
 */
export async function signInWithPasskey (
  latchkey: Pick<Latchkey, 'getPasskeyLoginOptions' | 'loginWithPasskey'>,
  { isConditional = false, ...options }: PasskeyOptions = {}
): Promise<SignedIn> {
  for (;;) {
    const { public_key: publicKey, expires_in: seconds } = await latchkey.getPasskeyLoginOptions({}, options)
    const credential = await (isConditional ? offer(publicKey, seconds) : sign(publicKey, options))
    if (!credential) continue
    return await latchkey.loginWithPasskey({ credential }, options).catch(forgetUnknown(publicKey.rpId, credential.id))
  }

  /** What the user has chosen in a field; undefined if that took so long that the offer must be replaced. */
  async function offer (publicKey: RequestOptions, seconds: number): Promise<Assertion | undefined> {
    const old = AbortSignal.timeout(seconds * 1000 * renewedAfter)
    const signal = options.signal ? AbortSignal.any([options.signal, old]) : old
    try {
      return await sign(publicKey, { signal, mediation: 'conditional' })
    } catch (error) {
      if (!old.aborted || options.signal?.aborted) throw error
    }
  }
}

/**
 * Makes a passkey on this device and adds it to the account. It needs a recent sign-in.
 *
 * @param name by which the user knows it
 * @throws RefusalOf<'getPasskeyOptions' | 'addPasskey'>, and the DOMException of the browser: `NotAllowedError` if the
 * user does not want, `InvalidStateError` if this device has one already
 */
export async function registerPasskey (
  latchkey: Pick<Latchkey, 'getPasskeyOptions' | 'addPasskey'>,
  { name, kind = 'passkey' }: Pick<InputOf<'addPasskey'>, 'name'> & { kind?: 'passkey' | 'security_key' },
  options: CallOptions = {}
): Promise<AnswerOf<'addPasskey'>> {
  const { credentials, parser } = thisBrowser()
  const { public_key: publicKey } = await latchkey.getPasskeyOptions({ kind }, options)
  const made = await credentials.create({ ...options, publicKey: parser.parseCreationOptionsFromJSON(publicKey) })
  return await latchkey.addPasskey({ credential: jsonOf(made), name }, options)
}

/**
 * Proves a passkey as the second step of a sign-in, after `signIn` was refused with `mfa_required`.
 *
 * @param step `mfa_token` is the refusal's `mfaToken`; with cookies there is none
 * @throws RefusalOf<'getSecondFactorOptions' | 'loginSecondFactor'>, and the DOMException of the browser
 */
export async function completeWithPasskey (
  latchkey: Pick<Latchkey, 'getSecondFactorOptions' | 'loginSecondFactor'>,
  { mfa_token: token, ...wishes }: SecondStep = {},
  options: CallOptions = {}
): Promise<SignedIn> {
  const step = token === undefined ? {} : { mfa_token: token }
  const { public_key: publicKey } = await latchkey.getSecondFactorOptions(step, options)
  return await latchkey.loginSecondFactor({ ...step, ...wishes, credential: await sign(publicKey, options) }, options)
}

/**
 * The signature of one of the account's passkeys, for `onReauthenticationRequired`.
 *
 * @throws RefusalOf<'getReauthenticationOptions'>, and the DOMException of the browser
 */
export async function provePasskey (
  latchkey: Pick<Latchkey, 'getReauthenticationOptions'>, options: CallOptions = {}
): Promise<{ credential: Assertion }> {
  const { public_key: publicKey } = await latchkey.getReauthenticationOptions({}, options)
  return { credential: await sign(publicKey, options) }
}

async function sign (
  publicKey: RequestOptions, options: CallOptions & { mediation?: 'conditional' }
): Promise<Assertion> {
  const { credentials, parser } = thisBrowser()
  return jsonOf(await credentials.get({ ...options, publicKey: parser.parseRequestOptionsFromJSON(publicKey) }))
}

function thisBrowser () {
  const { navigator, PublicKeyCredential: parser }: Browser = globalThis
  if (navigator?.credentials && parser) return { credentials: navigator.credentials, parser }
  throw new TypeError('Passkeys need a browser that has them, and https or localhost')
}

function jsonOf (credential: unknown) {
  const found = Object(credential)
  if (typeof found.toJSON === 'function') return found.toJSON()
  throw new TypeError('The browser has given no passkey')
}

/** Lets the browser forget a passkey that no account has: then it is not offered again. */
function forgetUnknown (rpId: string, credentialId: string) {
  return async (error: unknown): Promise<never> => {
    const isUnknown = isRefusal(error, 'loginWithPasskey') && error.code === 'passkey_unknown'
    if (isUnknown) await thisBrowser().parser.signalUnknownCredential?.({ rpId, credentialId })
    throw error
  }
}
