import { createArrivedAnswers } from './arrived-answers.ts'
import type { ArrivedAnswerParts } from './arrived-answers.ts'
import { createRefreshes } from './refreshes.ts'
import type { RefreshParts } from './refreshes.ts'
import { createSessionBeginnings } from './session-beginnings.ts'
import type { SessionBeginningParts } from './session-beginnings.ts'
import { createSessionEnds } from './session-ends.ts'
import type { SessionEndParts } from './session-ends.ts'
import { createSessionLookUps } from './session-look-ups.ts'
import type { SessionLookUpParts } from './session-look-ups.ts'
import { createTokenReplays } from './token-replays.ts'
import type { TokenReplayParts } from './token-replays.ts'

export type Sessions = ReturnType<typeof createSessions>

export type SessionParts = SessionBeginningParts & SessionEndParts & SessionLookUpParts &
  Omit<RefreshParts, 'lookUps' | 'replays'> & Omit<ArrivedAnswerParts, 'lookUps' | 'replays'> &
  Omit<TokenReplayParts, 'lookUps' | 'ends'>

/**
 * Sessions. Postgres knows whether a session lives, Redis knows which refresh token is the newest. If a store does not
 * answer, nothing is allowed (`unavailable`) and no session ends.
 */
export function createSessions (parts: SessionParts) {
  const { prepare, begin, abandon, tokensOf } = createSessionBeginnings(parts)
  const lookUps = createSessionLookUps(parts)
  const ends = createSessionEnds(parts)
  const replays = createTokenReplays({ ...parts, lookUps, ends })
  const { refresh, isNewest, authenticateAgain, assertCanAdvance, advance } =
    createRefreshes({ ...parts, lookUps, replays })
  const { confirm } = createArrivedAnswers({ ...parts, lookUps, replays })
  const { find, findAlive, findLocked, peek, list, refusalFor } = lookUps
  const { end, recordEpochRaise } = ends
  const { read } = parts.refreshTokens

  return {
    prepare,
    begin,
    abandon,
    tokensOf,
    read,
    refresh,
    confirm,
    isNewest,
    authenticateAgain,
    assertCanAdvance,
    advance,
    find,
    findAlive,
    findLocked,
    peek,
    list,
    refusalFor,
    end,
    recordEpochRaise
  }
}
