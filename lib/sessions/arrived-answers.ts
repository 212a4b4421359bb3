import { randomUUID } from 'node:crypto'
import type { HotSessions } from './hot-session-store.ts'
import type { SessionLookUps } from './session-look-ups.ts'
import type { TokenReplays } from './token-replays.ts'
import type { Confirmation } from '../tokens/confirmations.ts'

export interface ArrivedAnswerParts {
  hot: Pick<HotSessions, 'confirm'>
  lookUps: Pick<SessionLookUps, 'findAlive'>
  replays: Pick<TokenReplays, 'endReplayed'>
}

/** Deals with the answers of which a client has shown that they arrived: it used their access token. */
export function createArrivedAnswers ({ hot, lookUps, replays }: ArrivedAnswerParts) {
  return { confirm }

  /**
   * Tells Redis that an answer has arrived. If the session was resumed from an older token meanwhile, two clients hold
   * its tokens, and it ends like a session whose token was replayed. No request waits for this, so the event has no
   * caller.
   * @throws Refusal `unavailable`
   */
  async function confirm ({ sessionId, generation, issuedAt }: Confirmation): Promise<void> {
    if (await hot.confirm(sessionId, { generation, issuedAt }) !== 'burnt') return

    const state = await lookUps.findAlive(sessionId)
    if (state) await replays.endReplayed(state, { ip: '', userAgent: null, requestId: randomUUID() })
  }
}
