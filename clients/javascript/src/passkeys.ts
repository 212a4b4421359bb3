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
  { isConditional = false, signal }: PasskeyOptions = {}
): Promise<SignedIn> {
  const given = signal && { signal }
  for (;;) {
    const { public_key: publicKey, expires_in: seconds } = await latchkey.getPasskeyLoginOptions({}, given)
    const credential = await choose(publicKey, seconds)
    if (credential) {
      return await latchkey.loginWithPasskey({ credential }, given).catch(forgetUnknown(publicKey.rpId, credential.id))
    }
  }

  /** What the user has chosen; undefined if that took so long that the offer must be replaced. */
  async function choose (options: RequestOptions, seconds: number): Promise<Assertion | undefined> {
    const old = isConditional ? AbortSignal.timeout(seconds * 1000 * renewedAfter) : undefined
    const signals = [signal, old].filter(each => each !== undefined)
    try {
      const { credentials, parser } = thisBrowser()
      return jsonOf(await credentials.get({
        publicKey: parser.parseRequestOptionsFromJSON(options),
        ...(isConditional && { mediation: 'conditional' }),
        ...(signals.length > 0 && { signal: AbortSignal.any(signals) })
      }))
    } catch (error) {
      if (old?.aborted && !signal?.aborted) return undefined
      throw error
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
  { signal }: CallOptions = {}
): Promise<AnswerOf<'addPasskey'>> {
  const given = signal && { signal }
  const { credentials, parser } = thisBrowser()
  const { public_key: options } = await latchkey.getPasskeyOptions({ kind }, given)
  const credential = jsonOf(await credentials.create({
    publicKey: parser.parseCreationOptionsFromJSON(options),
    ...given
  }))
  return await latchkey.addPasskey({ credential, name }, given)
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
  { signal }: CallOptions = {}
): Promise<SignedIn> {
  const given = signal && { signal }
  const step = token === undefined ? {} : { mfa_token: token }
  const { public_key: options } = await latchkey.getSecondFactorOptions(step, given)
  return await latchkey.loginSecondFactor({ ...step, ...wishes, credential: await sign(options, signal) }, given)
}

/**
 * The signature of one of the account's passkeys, for `onReauthenticationRequired`.
 *
 * @throws RefusalOf<'getReauthenticationOptions'>, and the DOMException of the browser
 */
export async function provePasskey (
  latchkey: Pick<Latchkey, 'getReauthenticationOptions'>, { signal }: CallOptions = {}
): Promise<{ credential: Assertion }> {
  const { public_key: options } = await latchkey.getReauthenticationOptions({}, signal && { signal })
  return { credential: await sign(options, signal) }
}

async function sign (options: RequestOptions, signal: AbortSignal | undefined): Promise<Assertion> {
  const { credentials, parser } = thisBrowser()
  return jsonOf(await credentials.get({
    publicKey: parser.parseRequestOptionsFromJSON(options),
    ...(signal && { signal })
  }))
}

function thisBrowser () {
  const { navigator, PublicKeyCredential: parser }: Browser = globalThis
  if (navigator?.credentials && parser) return { credentials: navigator.credentials, parser }
  throw new TypeError('Passkeys need a browser that has them, and https or localhost')
}

function jsonOf (credential: unknown) {
  const isCredential = typeof credential === 'object' && credential !== null && 'toJSON' in credential
  if (isCredential && typeof credential.toJSON === 'function') return credential.toJSON()
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
