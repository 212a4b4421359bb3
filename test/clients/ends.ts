import type { EndReason } from '../../lib/errors.ts'
import { undoChange } from '../support/accounts/email-changes.ts'
import { addTotp } from '../support/accounts/factors.ts'
import { disable, signed } from '../support/accounts/people.ts'
import { as, password, refresh, signIn } from '../support/helper.ts'
import type { build } from '../support/helper.ts'

type App = Awaited<ReturnType<typeof build>>

/** A client's session that has been refreshed twice; `spentToken` is its first refresh token. */
export interface Held { email: string, userId: string, sessionId: string, accessToken: string, spentToken: string }

/** The sessions that a user may have in a world of these tests. */
export const sessionsMax = 10

const day = 24 * 60 * 60_000

/** How a session ends without its client, for every reason of the API, in this order because the clock moves. */
export const ends: Record<EndReason, (app: App, held: Held) => Promise<unknown>> = {
  signed_out: async (app, { accessToken }) => await as(app, accessToken, 'POST', '/auth/logout'),
  revoked_by_user: async (app, { email, sessionId }) => {
    const { access_token: token } = await signIn(app, { email })
    await as(app, token, 'DELETE', `/auth/sessions/${sessionId}`)
  },
  revoked_by_admin: async (app, { userId }) => {
    const { access_token: token } = await signed(app, 'admin')
    await as(app, token, 'POST', `/users/${userId}/sign-out`)
  },
  password_changed: async (app, { email }) => {
    const { access_token: token } = await signIn(app, { email })
    await as(app, token, 'POST', '/auth/password/change', {
      current_password: password, new_password: 'another walk through the rain'
    })
  },
  reuse_detected: async (app, { spentToken }) => {
    app.clock.advance(11 * 60_000)
    await refresh(app, spentToken)
  },
  factors_changed: async (app, { email }) => {
    const { access_token: token } = await signIn(app, { email })
    await addTotp(app, token)
  },
  evicted: async (app, { email }) => {
    for (let session = 0; session < sessionsMax; session++) await signIn(app, { email })
  },
  account_disabled: async (app, { userId }) => await disable(app, userId),
  account_deleted: async (app, { email }) => {
    const { access_token: token } = await signIn(app, { email })
    await as(app, token, 'DELETE', '/auth/me')
  },
  email_restored: async (app, { email, userId }) => {
    const undo = { purpose: 'email_undo' as const, userId, email, emailCanonical: email }
    const id = await app.database.begin(tx => app.oneTimeTokens.issue(tx, undo))
    await undoChange(app, app.oneTimeTokens.tokenOf('email_undo', id))
  },
  everyone_signed_out: async app => await app.accounts.signOutEveryone({
    caller: { ip: '127.0.0.1', userAgent: 'a terminal', requestId: 'x' }
  }),
  idle: async app => app.clock.advance(8 * day),
  expired: async app => app.clock.advance(31 * day)
}
