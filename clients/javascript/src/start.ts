import type { Call } from './calls.ts'
import { Unreachable } from './errors.ts'
import type { Host } from './host.ts'
import type { Renewal } from './renewal.ts'
import type { Sender } from './sender.ts'
import type { Session } from './session.ts'
import type { State } from './state.ts'

interface Setup {
  state: State
  renewal: Renewal
  sender: Sender
  sendSignOut: () => Promise<boolean>
  call: Call
  host: Host
  /** Whether the browser holds the tokens, so that there may be a session although nothing was kept. */
  isShared: boolean
  report: (error: unknown) => void
}

/** The start of a client, and its awakening. */
export function createStart ({ state, renewal, sender, sendSignOut, call, host, isShared, report }: Setup) {
  let loading: Promise<void> | undefined
  let isListening = false

  return { start, wake, loaded, ready, dispose }

  /**
   * Reads what the last visit left. A session that is remembered shows at once, without a network too, and is confirmed
   * in the background. With cookies and nothing remembered it asks the server. It never throws: a storage that cannot
   * be read, like a locked keychain, leaves the status `unknown`, and the next call reads it again.
   */
  async function start (): Promise<Session> {
    listen()
    try {
      await loaded()
    } catch (error) {
      report(error)
      return state.session
    }
    const confirming = confirm()
    if (state.session.status === 'unknown') await confirming
    return state.session
  }

  /** Looks at what is due. A browser says when; elsewhere call it when the app comes to the foreground or online. */
  async function wake (): Promise<void> {
    const { session } = state
    if (!state.isLoaded) return
    if (state.kept.signOut || (session.status === 'signed_in' && (!session.isConfirmed || sender.isDue()))) await confirm()
  }

  /** @throws the error of the storage */
  async function loaded (): Promise<void> {
    if (state.isLoaded) return
    loading ??= load().finally(() => { loading = undefined })
    await loading
  }

  async function load () {
    await state.load()
    if (!isShared || state.kept.session || state.kept.signOut) state.announce()
  }

  /** What each request waits for: the storage, and a sign-out that comes first. */
  async function ready () {
    await loaded()
    if (!await sendSignOut()) throw new Unreachable()
  }

  async function confirm () {
    try {
      if (state.kept.signOut) await sendSignOut()
      else if (isShared && state.kept.session) await confirmUser()
      else if (isShared || state.kept.session) await renewal.renew()
    } catch {
      // Without an answer, what is remembered holds.
    }
    state.announce()
  }

  async function confirmUser () {
    await call('getMe', 'GET /auth/me')
    if (state.session.status === 'signed_in' && !state.session.isConfirmed) await renewal.renew()
  }

  function listen () {
    if (isListening) return
    isListening = true
    listenTo('addEventListener')
  }

  function listenTo (verb: 'addEventListener' | 'removeEventListener') {
    for (const event of ['online', 'pageshow']) host[verb]?.(event, look)
    host.document?.[verb]('visibilitychange', look)
  }

  function look () {
    if (host.document?.visibilityState !== 'hidden') wake().catch(report)
  }

  function dispose () {
    listenTo('removeEventListener')
  }
}
