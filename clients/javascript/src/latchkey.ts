import { accept } from './answers.ts'
import { createCalls } from './calls.ts'
import { deviceClock } from './clock.ts'
import type { Clock } from './clock.ts'
import { createFetch } from './fetch.ts'
import { accountOperations } from './generated/operations.ts'
import { thisHost } from './host.ts'
import type { Host } from './host.ts'
import { operationsOf } from './operations.ts'
import type { AskProof } from './proving.ts'
import { createRenewal } from './renewal.ts'
import { createRequest } from './request.ts'
import type { Fetch } from './request.ts'
import { createSender } from './sender.ts'
import type { Session } from './session.ts'
import { createStart } from './start.ts'
import { createState } from './state.ts'
import { pageStorage } from './storage.ts'
import type { BearerTransport } from './transport.ts'
import type { InputOf } from './types.ts'

export type Latchkey = ReturnType<typeof createLatchkey>

export interface Options {
  /** The origin of the deployment: `https://auth.example.com`. */
  baseUrl: string
  /** The deployment's API_PREFIX, if it is not `/api/v1`. */
  apiPrefix?: string
  /** How tokens travel: by cookie, or with `bearer(…)` of `@latchkey/client/mobile`. */
  transport?: 'cookie' | BearerTransport
  /**
   * Other origins to which `fetch` sends the credentials: `['https://api.example.com']`. Cookies go to the host of
   * `baseUrl` only, and with the deployment's COOKIE_DOMAIN to hosts below that.
   */
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
export function createLatchkey ({
  baseUrl,
  apiPrefix = '/api/v1',
  transport = 'cookie',
  origins = [],
  userType,
  onReauthenticationRequired: askProof = async () => null,
  onError: report = console.error,
  fetch = (input, init) => globalThis.fetch(input, init),
  clock = deviceClock,
  host = thisHost()
}: Options) {
  const bearer = transport === 'cookie' ? undefined : transport
  const root = baseUrl.replace(/\/+$/, '') + apiPrefix
  const tabs = bearer ? undefined : host

  const state = createState({
    owner: `${bearer?.kind ?? 'cookie'} ${root}`,
    storage: bearer?.storage ?? pageStorage(host),
    key: bearer?.key ?? `latchkey ${root}`,
    clock,
    tabs,
    report
  })
  const request = createRequest(state, fetch, bearer ? 'omit' : 'include')
  const renewal = createRenewal(state, root, request, tabs?.navigator?.locks)
  const sender = createSender(state, renewal, request)
  const { call, stepUp } = createCalls({ root, state, renewal, sender, added, askProof })
  const { start, wake, dispose } = createStart(state, renewal, sender, call, host, report)
  const { login: signIn, ...account } = operationsOf({ login: 'POST /auth/login', ...accountOperations }, call)

  return {
    ...account,
    /** What is known now. The same object as before, as long as nothing in it has changed. */
    get session (): Session { return state.session },
    /** Whether there is a session, as far as is known: no traffic, no wait, true offline. */
    isSignedIn: state.isSignedIn,
    /** Calls the listener after each change of `session`; the function returned stops that. */
    subscribe: state.subscribe,
    /** Calls the listener once for each session that ends, in every tab. */
    onSessionEnded: state.onSessionEnded,
    start,
    wake,
    /** Signs in. An earlier session of this client is replaced. */
    signIn,
    signOut,
    refresh,
    accessToken,
    fetch: createFetch({ baseUrl, origins, isByCookie: !bearer, fetch, sender, state, stepUp, report }),
    /** Makes a call by name and route; `administration` is made of it. */
    call,
    dispose
  }

  /** What the client adds to a sign-in, and to calls that name this device: how tokens travel, and from where. */
  function added (route: string) {
    const isSignIn = /\/login(\/passkey)?$/.test(route)
    const namesDevice = isSignIn || /\/(verify-email|reset)$/.test(route)
    return {
      ...(isSignIn && { user_type: userType, device_name: bearer?.deviceName, device_token: state.kept.deviceToken }),
      ...(namesDevice && !bearer && { transport })
    }
  }

  /**
   * Signs out. The session is over here at once, without a network too; what the server was not told is kept, and told
   * before anything else when it can be reached.
   *
   * @param options `scope`: this session (`local`), all sessions of the user (`everywhere`), or all but this one
   *   (`others`, which goes on and needs the network)
   * @returns whether the server has ended them. False if it could not be told yet; of `everywhere` also if this session
   *   had ended already, or could not be refreshed for another reason, so that the others may live on
   */
  async function signOut ({ scope = 'local' }: InputOf<'logout'> = {}): Promise<boolean> {
    if (scope === 'others') return await call('logout', 'POST /auth/logout', { scope }).then(() => true)
    await state.load()
    // To sign out everywhere the session is refreshed once more, so a refresh that is under way is waited for.
    if (scope === 'everywhere') await renewal.settle()
    await state.forget('signed_out', { scope, refresh_token: state.kept.refreshToken })
    state.announce()
    return await renewal.ready().then(refused => !refused, () => false)
  }

  /**
   * Refreshes now, for example after the user's role has changed. Nothing else needs it: calls refresh by themselves.
   *
   * @throws RefusalOf<'refresh'>
   */
  async function refresh (): Promise<Session> {
    await renewal.ready()
    const refused = await renewal.renew()
    if (refused) await accept('refresh', refused.clone())
    return state.session
  }

  /**
   * An access token that works now, for what is no HTTP request: a WebSocket, gRPC, a native library. Null when signed
   * out, and with cookies, where no script may have it.
   *
   * @throws RefusalOf<'refresh'> when the server has none to give now
   */
  async function accessToken (): Promise<string | null> {
    await renewal.ready()
    const refused = await sender.freshen()
    if (refused && state.isSignedIn()) await accept('refresh', refused)
    await state.store()
    return state.access.token ?? null
  }
}
