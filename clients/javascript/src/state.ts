import { stopwatch } from './clock.ts'
import type { Clock } from './clock.ts'
import type { Host } from './host.ts'
import { readKept } from './kept.ts'
import type { Kept, SignOut } from './kept.ts'
import { createSnapshot } from './snapshot.ts'
import type { KeptStorage } from './storage.ts'
import type { TokenResponse, User } from './types.ts'

export type State = ReturnType<typeof createState>

/** What tabs tell each other. It holds no token: `kept` is the cookie transport's. */
interface News {
  kept: Kept
  msLeft: number | undefined
  endedId: string | undefined
  reason: string | undefined
}

interface Setup {
  /** Names the deployment and the transport; what another one has left is not used. */
  owner: string
  storage: KeptStorage
  /** The name of the stored value, and of the channel between tabs. */
  key: string
  clock: Clock
  /** Where other tabs are. Without a BroadcastChannel they are not told. */
  host: Host
  /** Hears of errors that no caller waits for: of storage, and of listeners. */
  report: (error: unknown) => void
}

/**
 * What the client knows, and the only place that changes it. A change is stored, then it holds in memory, then the
 * other tabs hear of it. Listeners hear of it from `announce`, which is called when no lock is held any more.
 */
export function createState ({ owner, storage, key, clock, host, report }: Setup) {
  const snapshot = createSnapshot(report)
  const channel = host.BroadcastChannel && new host.BroadcastChannel(key)
  if (channel) channel.onmessage = ({ data }: { data: News }) => hear(data)

  let kept: Kept = { version: 1, owner }
  let isLoaded = false
  let isConfirmed = false
  let reason: string | undefined
  let accessToken: string | undefined
  let msLeft: (() => number) | undefined
  let changes: Promise<unknown> = Promise.resolve()

  return {
    ...snapshot,
    get session () { return snapshot.current() },
    get kept () { return kept },
    get accessToken () { return accessToken },
    get isLoaded () { return isLoaded },
    /** Milliseconds until the access token expires, or undefined when that is not known. */
    msLeft: () => msLeft?.(),
    load,
    catchUp,
    grant,
    remember,
    rememberDevice,
    forget,
    forgetSignOut,
    announce,
    dispose: () => channel?.close()
  }

  /**
   * Reads what the last visit has left.
   *
   * @throws the error of the storage; then nothing is known, and nothing was changed
   */
  async function load () {
    kept = readKept(await storage.get(key), owner)
    isLoaded = true
  }

  /** Reads what another tab has stored meanwhile; true if that tab has refreshed. */
  async function catchUp () {
    const found = readKept(await storage.get(key), owner)
    if (found.grant === undefined || found.grant === kept.grant) return false
    kept = found
    msLeft = undefined
    return true
  }

  /**
   * Takes a token response.
   *
   * @param isWanted is asked when its turn has come: a refresh that was overtaken by a sign-out leaves nothing behind
   */
  async function grant (answer: TokenResponse, isWanted = () => true) {
    const age = stopwatch(clock)
    await inOrder(async () => {
      const next = keptOf(answer)
      if (isWanted()) await store(next)
      if (!isWanted()) return
      kept = next
      accessToken = 'access_token' in answer ? answer.access_token : undefined
      msLeft = () => answer.expires_in * 1000 - age()
      isLoaded = isConfirmed = true
      reason = undefined
      tell()
    })
  }

  /** Takes the user as the server has just shown them. */
  async function remember (user: User) {
    await inOrder(async () => {
      if (kept.user?.id !== user.id) return
      const isNews = !isConfirmed || JSON.stringify(user) !== JSON.stringify(kept.user)
      isConfirmed = true
      if (!isNews) return
      kept = { ...kept, user }
      await store(kept)
      tell()
    })
  }

  /** Takes the name that the server has given to this device. */
  async function rememberDevice (deviceToken: string) {
    await inOrder(async () => {
      kept = { ...kept, deviceToken }
      await store(kept)
    })
  }

  /** Ends the session here at once. `signOut` is what the server must still be told. */
  async function forget (why: string | undefined, news: { signOut?: SignOut } = {}) {
    const endedId = kept.session?.id
    kept = { version: 1, owner, ...(kept.deviceToken !== undefined && { deviceToken: kept.deviceToken }), ...news }
    reason = why
    isConfirmed = false
    accessToken = msLeft = undefined
    await inOrder(() => store(kept))
    tell(endedId)
  }

  async function forgetSignOut () {
    await inOrder(async () => {
      const { signOut, ...rest } = kept
      kept = rest
      await store(kept)
      tell()
    })
  }

  /** Tells the listeners what has changed. */
  function announce (elsewhere = false) {
    const { user, session } = kept
    if (!isLoaded) return
    snapshot.show(user && session
      ? { status: 'signed_in', user, sessionId: session.id, expiresAt: session.expires_at, isConfirmed }
      : { status: 'signed_out', ...(reason !== undefined && { reason }) }, elsewhere)
  }

  function keptOf (answer: TokenResponse): Kept {
    const tokens = 'refresh_token' in answer && answer
    const deviceToken = tokens ? tokens.device_token : kept.deviceToken
    return {
      version: 1,
      owner,
      grant: Math.random().toString(36).slice(2),
      user: answer.user,
      session: answer.session,
      ...(tokens && { refreshToken: tokens.refresh_token }),
      ...(deviceToken !== undefined && { deviceToken })
    }
  }

  /** Changes wait for each other, so that the last one is what storage holds in the end. */
  async function inOrder (change: () => Promise<void>) {
    const done = changes.then(change)
    changes = done.catch(() => {})
    await done
  }

  /** A failed write costs no session: it goes on in memory, and the next change is written again. */
  async function store (next: Kept) {
    try {
      await storage.set(key, JSON.stringify(next))
    } catch (error) {
      report(error)
    }
  }

  function tell (endedId?: string) {
    channel?.postMessage({ kept, msLeft: msLeft?.(), endedId, reason } satisfies News)
  }

  function hear (news: News) {
    if (news.endedId !== undefined && news.endedId !== kept.session?.id) return
    const { kept: theirs, reason: why, msLeft: left } = news
    const age = stopwatch(clock)
    kept = theirs
    reason = why
    isLoaded = isConfirmed = true
    msLeft = left === undefined ? undefined : () => left - age()
    announce(true)
  }
}
