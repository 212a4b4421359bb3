import type { Grant } from './answers.ts'
import { countdown } from './clock.ts'
import type { Clock } from './clock.ts'
import type { Channel, Host } from './host.ts'
import { readKept } from './kept.ts'
import type { Kept, SignOut } from './kept.ts'
import type { Ending, Session } from './session.ts'
import type { KeptStorage } from './storage.ts'
import type { User } from './types.ts'

export type State = ReturnType<typeof createState>

/** What tabs tell each other. It holds no token: `kept` is the cookie transport's. */
interface News {
  kept: Kept
  ended: Ended | undefined
  msLeft: number
}

/** The last session that is over, and why. */
interface Ended { id: string, reason: string }

/** The access token, if it is in the client's hands, and the milliseconds until it expires. */
interface Access { token?: string | undefined, msLeft: () => number }

/** Hears of each change of the session; of `ending` too if that is the end of the one before. */
type Listener = (session: Session, ending: Ending | undefined) => unknown

interface Setup {
  /** Names the deployment and the transport; what another one has left is not used. */
  owner: string
  storage: KeptStorage
  /** The name of the stored value, and of the channel between tabs. */
  key: string
  clock: Clock
  /** The browser, if its tabs share the session. */
  tabs: Host | undefined
  /** Hears of errors that no caller waits for: of storage, and of listeners. */
  report: (error: unknown) => void
}

/**
 * What the client knows, and the only place that changes it. A change is stored, then it holds in memory, then the
 * other tabs hear of it. Listeners hear of it from `announce`, which is called when no lock is held any more.
 */
export function createState ({ owner, storage, key, clock, tabs, report }: Setup) {
  const listeners = new Set<Listener>()
  /** Without an access token one is due. Whether the cookie of a browser has one is not known, until a 401 says so. */
  const noAccess: Access = { msLeft: () => tabs ? Infinity : 0 }

  let kept: Kept = { owner }
  let session: Session = { status: 'unknown' }
  /** Whether it is known how the server sees it: it was asked since the start, or the user has signed out. */
  let isConfirmed = false
  let ended: Ended | undefined
  let access: Access = noAccess
  let channel: Channel | undefined
  let loading: Promise<void> | undefined
  let changes = Promise.resolve()
  /** Whether the session was ended here, and that is not stored yet. */
  let isAhead = false
  /** What the storage has refused, until it holds that or what came later. */
  let refused: Kept | undefined
  /** Whether what is shown next comes from another tab. */
  let isElsewhere = false

  return {
    get session () { return session },
    get kept () { return kept },
    /** The first sign-out that the server has not been told of. */
    get signOut () { return kept.signOuts?.[0] },
    get access () { return access },
    isSignedIn: () => session.status === 'signed_in',
    load,
    catchUp,
    grant,
    disown,
    remember,
    confirm,
    forget,
    told,
    announce,
    /** Tries once more to store what the storage has refused, which was reported then. */
    store: () => refused && change(() => refused && kept),
    countdown: (ms: number) => countdown(clock, ms),
    /** The access token does not work any more. */
    expire () { access = { ...access, msLeft: () => 0 } },
    subscribe,
    onSessionEnded: (listener: (ending: Ending) => unknown) => subscribe((_, ending) => ending && listener(ending)),
    dispose () {
      channel?.close()
      channel = undefined
    }
  }

  /**
   * Reads what the last visit has left, once.
   *
   * @throws the error of the storage; then nothing is known, and the next call reads it again
   */
  function load (): Promise<void> {
    loading ??= read().catch(error => {
      loading = undefined
      throw error
    })
    return loading
  }

  async function read () {
    kept = readKept(await storage.get(key), owner)
    if (tabs?.BroadcastChannel) {
      channel = new tabs.BroadcastChannel(key)
      channel.onmessage = ({ data }: { data: News }) => hear(data)
    }
    announce()
  }

  /** Reads what another tab has stored meanwhile; true if that tab has refreshed, signed in or signed out. */
  async function catchUp () {
    const found = tabs && !isAhead ? readKept(await storage.get(key), owner) : kept
    const isNews = found.grant !== undefined && found.grant !== kept.grant
    if (isNews) {
      kept = found
      access = noAccess
      isElsewhere = isConfirmed = true
    }
    return isNews
  }

  /**
   * Takes a token response.
   *
   * @param isOvertaken whether a sign-out or another grant has overtaken it: then it leaves nothing behind
   * @returns whether it holds
   */
  async function grant (answer: Grant, isOvertaken: () => boolean) {
    const msLeft = countdown(clock, answer.expires_in * 1000)
    let holds = false
    await change(() => isOvertaken() ? undefined : keptOf(answer), () => {
      access = { token: answer.access_token, msLeft }
      holds = isConfirmed = true
      ended = undefined
    })
    return holds
  }

  /** Signs out of a session that the server has opened when nobody wanted it any more. */
  function disown (answer: Grant) {
    const signOuts = () => withSignOut({ scope: 'local', refresh_token: answer.refresh_token })
    return change(() => kept.session ? undefined : { ...kept, grant: newGrant(), signOuts: signOuts() })
  }

  /** Takes the user as the server has just shown them. */
  function confirm (user: User) {
    return change(() => {
      if (kept.user?.id !== user.id) return undefined
      isConfirmed = true
      return JSON.stringify(user) === JSON.stringify(kept.user) ? undefined : { ...kept, user }
    })
  }

  function remember (deviceToken: string) {
    return change(() => ({ ...kept, deviceToken }))
  }

  /** The server knows of a sign-out, or has given what `next` will tell it with. */
  function told (signOut: SignOut, ...next: SignOut[]) {
    return change(() => {
      const left = kept.signOuts?.flatMap(one => one === signOut ? next : one)
      return { ...kept, grant: newGrant(), signOuts: left?.length ? left : undefined }
    })
  }

  /** Ends the session here at once. `signOut` is what the server must still be told. */
  function forget (reason: string, signOut?: SignOut) {
    if (kept.session) ended = { id: kept.session.id, reason }
    const { deviceToken, lastSignOut, signOuts } = kept
    const news = signOut && { lastSignOut: newGrant(), signOuts: withSignOut(signOut) }
    kept = { owner, grant: newGrant(), deviceToken, lastSignOut, signOuts, ...news }
    access = noAccess
    isAhead = isConfirmed = true
    return change(() => {
      isAhead = false
      return kept
    })
  }

  /**
   * Changes wait for each other, so that the last one is what storage holds in the end.
   *
   * @param next what is to be kept, when its turn has come; undefined if nothing changes
   * @param hold is called when that is stored
   */
  function change (next: () => Kept | undefined, hold = () => {}): Promise<void> {
    changes = changes.catch(() => {}).then(async () => {
      // A tab that was frozen does not know what others have done, and must not put its own in the place of that.
      await catchUp()
      const before = kept
      const after = next()
      if (!after) return
      // A failed write costs no session: it goes on in memory, and each request tries to write it before it is sent.
      try {
        await storage.set(key, JSON.stringify(after))
        refused = undefined
      } catch (error) {
        if (after !== refused) report(error)
        refused = after
      }
      // What was forgotten meanwhile stays forgotten, and is stored next.
      if (kept !== before) return
      kept = after
      hold()
      channel?.postMessage({ kept, ended, msLeft: access.msLeft() } satisfies News)
    })
    return changes
  }

  function hear (news: News) {
    // The end of another session than ours, or a session whose end was on its way to that tab.
    if (news.ended && kept.session && news.ended.id !== kept.session.id) return
    if (ended && ended.id === news.kept.session?.id) return
    kept = news.kept
    ended = news.ended
    access = { msLeft: countdown(clock, news.msLeft) }
    isElsewhere = isConfirmed = true
    announce()
  }

  /** Shows the session to the listeners, if it has changed. */
  function announce () {
    // With cookies there may be a session although nothing is remembered: only the server knows.
    if (tabs && !isConfirmed && !kept.session && !kept.signOuts) return
    const before = session
    const elsewhere = isElsewhere
    const { user, session: found } = kept
    const after: Session = user && found
      ? { status: 'signed_in', user, sessionId: found.id, expiresAt: found.expires_at, isConfirmed }
      : { status: 'signed_out', ...(ended && { reason: ended.reason }) }
    isElsewhere = false
    if (JSON.stringify(after) === JSON.stringify(before)) return

    session = after
    const reason = found ? 'replaced' : ended?.reason ?? 'signed_out'
    const isOver = before.status === 'signed_in' && before.sessionId !== found?.id
    const ending = isOver ? { sessionId: before.sessionId, reason, elsewhere } : undefined
    for (const listener of [...listeners]) (async () => listener(after, ending))().catch(report)
  }

  function subscribe (listener: Listener) {
    listeners.add(listener)
    return () => { listeners.delete(listener) }
  }

  /** One without a token is told with the cookies, or belongs to a session that was added before. */
  function withSignOut (signOut: SignOut) {
    const { signOuts = [] } = kept
    const last = signOut.refresh_token ? undefined : signOuts.at(-1)
    const added = last?.scope === 'everywhere' ? last : last ? { ...last, scope: signOut.scope } : signOut
    return [...signOuts.filter(one => one !== last), added]
  }

  function keptOf (answer: Grant): Kept {
    return {
      owner,
      grant: newGrant(),
      lastSignOut: kept.lastSignOut,
      signOuts: kept.signOuts,
      user: answer.user,
      session: answer.session,
      refreshToken: answer.refresh_token,
      deviceToken: answer.device_token ?? kept.deviceToken
    }
  }
}

const newGrant = Math.random
