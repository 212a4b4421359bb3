import { problemOf } from './answers.ts'
import type { Call } from './calls.ts'
import { isUnreachable } from './errors.ts'
import { persist } from './patience.ts'
import type { Post, Renewal } from './renewal.ts'
import type { State } from './state.ts'
import type { InputOf } from './types.ts'

interface Setup {
  state: State
  renewal: Renewal
  post: Post
  call: Call
  loaded: () => Promise<void>
}

/** Signing out: here at once, and at the server as soon as it can be reached. */
export function createSignOut ({ state, renewal, post, call, loaded }: Setup) {
  let sending: Promise<boolean> | undefined

  return { signOut, sendSignOut }

  /**
   * Signs out. The session is over here at once, without a network too; what the server was not told is kept, and told
   * before anything else when it can be reached.
   *
   * @param options `scope`: this session (`local`), all sessions of the user (`everywhere`), or all but this one
   *   (`others`, which goes on and needs the network)
   * @returns whether the server has been told
   */
  async function signOut ({ scope = 'local' }: InputOf<'logout'> = {}): Promise<boolean> {
    await loaded()
    if (scope === 'others') return await call('logout', 'POST /auth/logout', { scope }).then(() => true)
    // Only the newest refresh token signs out everywhere, so a refresh that is under way is waited for.
    if (scope === 'everywhere') await renewal.flight?.catch(() => {})

    const { refreshToken } = state.kept
    await state.forget('signed_out', {
      signOut: { scope, ...(refreshToken !== undefined && { refresh_token: refreshToken }) }
    })
    state.announce()
    return await sendSignOut()
  }

  /** Tells the server of a sign-out that it has not heard of; true if there is none left. */
  async function sendSignOut (): Promise<boolean> {
    if (state.kept.signOut === undefined) return true
    sending ??= send().finally(() => { sending = undefined })
    return await sending
  }

  async function send () {
    // With cookies, the answer of a refresh must not come after that of the sign-out.
    await renewal.flight?.catch(() => {})
    try {
      const answer = await persist(async signal => await post('/auth/logout', state.kept.signOut, signal))
      const isHeard = answer.ok ? answer.status === 204 : await isFinal(answer)
      if (isHeard) await state.forgetSignOut()
      return isHeard
    } catch (error) {
      if (isUnreachable(error)) return false
      throw error
    }
  }
}

/** Whether the server has refused for good: the session has ended already, for example. */
async function isFinal (answer: Response) {
  return answer.status < 500 && answer.status !== 429 && await problemOf(answer) !== undefined
}
