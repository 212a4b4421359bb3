import { createCall } from './calls.ts'
import type { CallOptions } from './calls.ts'
import { deviceClock } from './clock.ts'
import type { Clock } from './clock.ts'
import { problemOf, retryAfter } from './answers.ts'
import { Refusal } from './errors.ts'
import { createFetch } from './fetch.ts'
import { accountOperations } from './generated/operations.ts'
import { thisHost } from './host.ts'
import type { Host } from './host.ts'
import { operationsOf } from './operations.ts'
import type { AskProof } from './proving.ts'
import { createRenewal } from './renewal.ts'
import { createSender } from './sender.ts'
import type { Fetch } from './sender.ts'
import type { Session, SignedIn } from './session.ts'
import { createSignOut } from './sign-out.ts'
import { createStart } from './start.ts'
import { createState } from './state.ts'
import { pageStorage } from './storage.ts'
import type { Transport } from './transport.ts'
import type { InputOf, OperationId } from './types.ts'

export type Latchkey = ReturnType<typeof createLatchkey>

export interface Options {
  /** The origin of the deployment: `https://auth.example.com`. */
  baseUrl: string
  /** The deployment's API_PREFIX, if it is not `/api/v1`. */
  apiPrefix?: string
  /** How tokens travel: by cookie, or with `bearer(…)` of `@latchkey/client/mobile`. */
  transport?: 'cookie' | Transport
  /** Other origins to which `fetch` sends the credentials: `['https://api.example.com']`. */
  origins?: string[]
  /** The kind of users that the app is for; others are refused at sign-in with `wrong_user_type`. */
  userType?: string
  /**
   * Lets the user prove who they are when a call needs a recent sign-in: returns a password, a second factor, a
   * passkey's signature (`provePasskey` of `@latchkey/client/passkeys`), or null if the user does not want to. If more
   * is needed it is asked once more, with `methods`. The call is then made once more.
   */
  onReauthenticationRequired?: AskProof
  /** Hears of errors that no caller waits for, of storage and of listeners. Without it they go to the console. */
  onError?: (error: unknown) => void
  /** Takes the place of the platform's own `fetch`. */
  fetch?: Fetch
  /** Takes the place of the device's clocks. */
  clock?: Clock
  /** Takes the place of the browser, in tests. */
  host?: Host
}

/**
 * A client of one Latchkey deployment, for one user. Making it does nothing; `start` reads what the last visit left.
 *
 * Calls throw a Refusal when the server refuses, Unreachable when no answer comes, and Unintelligible when something
 * else has answered. Only the server's refusal of a refresh, and a sign-out, end a session.
 */
export function createLatchkey (options: Options) {
  const { baseUrl, apiPrefix = '/api/v1', userType, clock = deviceClock, host = thisHost() } = options
  const report = options.onError ?? console.error
  const fetch: Fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init))
  const bearer = typeof options.transport === 'object' && options.transport.kind === 'bearer' ? options.transport : undefined
  const isShared = bearer === undefined
  const origin = baseUrl.replace(/\/+$/, '')
  const root = origin + apiPrefix
  const owner = `${isShared ? 'cookie' : 'bearer'} ${root}`

  const state = createState({
    owner,
    storage: bearer?.storage ?? pageStorage(host),
    key: bearer?.key ?? `latchkey ${root}`,
    clock,
    host: isShared ? host : {},
    report
  })
  const renewal = createRenewal({
    state, post, clock, isShared, lockName: owner, locks: isShared ? host.navigator?.locks : undefined
  })
  const sender = createSender({ state, renewal, fetch, clock, isBearer: !isShared })
  const call = createCall({
    root, state, sender, ready: () => starting.ready(), askProof: options.onReauthenticationRequired
  })
  const { signOut, sendSignOut } = createSignOut({ state, renewal, post, call, loaded: () => starting.loaded() })
  const starting = createStart({ state, renewal, sender, sendSignOut, call, host, isShared, report })
  const transport = isShared && { transport: 'cookie' }
  const account = operationsOf(accountOperations, (operation, route, input, options) =>
    call(operation, route, /^(verifyEmail|resetPassword)$/.test(operation) ? { ...input, ...transport } : input, options))

  return {
    ...account,
    loginWithPasskey,
    /** What is known now. The same object as before, as long as nothing in it has changed. */
    get session (): Session { return state.session },
    /** Whether there is a session, as far as is known: no traffic, no wait, true offline. */
    isSignedIn: () => state.session.status === 'signed_in',
    /** Calls the listener after each change of `session`; the function returned stops that. */
    subscribe: state.subscribe,
    /** Calls the listener once for each session that ends, in every tab. */
    onSessionEnded: state.onSessionEnded,
    start: starting.start,
    wake: starting.wake,
    signIn,
    signOut,
    refresh,
    accessToken,
    fetch: createFetch({ origins: [origin, ...options.origins ?? []], fetch, sender, ready: starting.ready }),
    /** Makes a call by name and route; `administration` is made of it. */
    call,
    /** Stops listening to the browser and to other tabs. */
    dispose () {
      starting.dispose()
      state.dispose()
    }
  }

  /**
   * Signs in. An earlier session of this client is replaced.
   *
   * @throws RefusalOf<'login'>
   */
  async function signIn (input: InputOf<'login'>, options?: CallOptions): Promise<SignedIn> {
    return await enter('login', 'POST /auth/login', input, options)
  }

  /**
   * Signs in with a passkey's signature. `signInWithPasskey` of `@latchkey/client/passkeys` makes the browser sign.
   *
   * @throws RefusalOf<'loginWithPasskey'>
   */
  async function loginWithPasskey (input: InputOf<'loginWithPasskey'>, options?: CallOptions): Promise<SignedIn> {
    return await enter('loginWithPasskey', accountOperations.loginWithPasskey, input, options)
  }

  async function enter (
    operation: OperationId, route: string, input: object, options: CallOptions | undefined
  ): Promise<SignedIn> {
    await starting.loaded()
    const fields = bearer && { device_name: bearer.deviceName, device_token: state.kept.deviceToken }
    await call(operation, route, { ...fields, ...transport, user_type: userType, ...input }, options)
    if (state.session.status !== 'signed_in') throw new Error('The session ended at once.')
    return state.session
  }

  /**
   * Refreshes now, for example after the user's role has changed. Nothing else needs it: calls refresh by themselves.
   *
   * @throws RefusalOf<'refresh'>
   */
  async function refresh (): Promise<Session> {
    await starting.ready()
    const refused = await renewal.renew()
    const problem = refused && await problemOf(refused)
    if (problem) throw new Refusal('refresh', problem, refused && retryAfter(refused))
    return state.session
  }

  /**
   * An access token that works now, for what is no HTTP request: a WebSocket, gRPC, a native library. Null when signed
   * out, and with cookies, where no script may have it.
   */
  async function accessToken (): Promise<string | null> {
    await starting.ready()
    await sender.freshen()
    return state.accessToken ?? null
  }

  /** Sends a refresh or a sign-out, which a tab that is closed meanwhile must not lose. */
  async function post (path: string, body: object | undefined, signal: AbortSignal) {
    return await sender.once(root + path, {
      method: 'POST',
      signal,
      keepalive: true,
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    })
  }
}
