import type { Ending, Session } from './session.ts'

/** The session as listeners see it, and the listeners. Their errors are reported; nothing waits for them. */
export function createSnapshot (report: (error: unknown) => void) {
  const listeners = new Set<(session: Session) => unknown>()
  const endingListeners = new Set<(ending: Ending) => unknown>()
  let session: Session = { status: 'unknown' }

  return {
    current: () => session,
    show,
    subscribe: (listener: (session: Session) => unknown) => add(listeners, listener),
    onSessionEnded: (listener: (ending: Ending) => unknown) => add(endingListeners, listener)
  }

  /** Replaces the session if it differs. */
  function show (next: Session, elsewhere: boolean) {
    const before = session
    if (JSON.stringify(next) === JSON.stringify(before)) return

    session = next
    for (const listener of listeners) run(listener, next)
    if (before.status !== 'signed_in' || ('sessionId' in next && next.sessionId === before.sessionId)) return
    const reason = next.status === 'signed_out' ? next.reason ?? 'signed_out' : 'replaced'
    for (const listener of endingListeners) run(listener, { sessionId: before.sessionId, reason, elsewhere })
  }

  async function run<News> (listener: (news: News) => unknown, news: News) {
    try {
      await listener(news)
    } catch (error) {
      report(error)
    }
  }
}

function add<Listener> (listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener)
  return () => { listeners.delete(listener) }
}
