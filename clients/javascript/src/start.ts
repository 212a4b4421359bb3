import type { Call } from './calls.ts'
import type { Host } from './host.ts'
import type { Renewal } from './renewal.ts'
import type { Sender } from './sender.ts'
import type { Session } from './session.ts'
import type { State } from './state.ts'

/** The start of a client, and its awakening. */
export function createStart (
  state: State, renewal: Renewal, sender: Sender, call: Call, host: Host, report: (error: unknown) => void
) {
  const disposal = new AbortController()
  let waking: Promise<void> | undefined

  return { start, wake, dispose }

  /**
   * Reads what the last visit left. A session that is remembered shows at once, without a network too, and is confirmed
   * in the background. With cookies and nobody remembered it asks the server; without an answer the status stays
   * `unknown`, and the next awakening asks again. It never throws: a storage that cannot be read, like a locked
   * keychain, leaves the status `unknown` as well, and the next call reads it again.
   */
  async function start (): Promise<Session> {
    for (const event of ['online', 'pageshow', 'visibilitychange']) {
      host.addEventListener?.(event, look, { signal: disposal.signal })
    }
    const awake = wake()
    await state.load().catch(() => {})
    if (state.session.status === 'unknown') await awake
    return state.session
  }

  /** Looks at what is due. A browser says when; elsewhere call it when the app comes to the foreground or online. */
  function wake (): Promise<void> {
    waking ??= state.load().then(confirm, report).finally(() => { waking = undefined })
    return waking
  }

  /** Without an answer, what is remembered holds. */
  async function confirm () {
    const isUnconfirmed = () => state.session.status === 'signed_in' && !state.session.isConfirmed
    try {
      await renewal.ready()
      if (isUnconfirmed() && !sender.isDue()) await call('getMe', 'GET /auth/me')
      // It is still unconfirmed if another user is signed in now.
      if (isUnconfirmed() || sender.isDue() || state.session.status === 'unknown') await renewal.renew()
    } catch {}
    state.announce()
  }

  /** Stops listening to the browser and to other tabs. */
  function dispose () {
    disposal.abort()
    state.dispose()
  }

  function look () {
    if (host.document?.visibilityState !== 'hidden') wake()
  }
}
