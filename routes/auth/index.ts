import type { FastifyPluginAsync } from 'fastify'
import changeEmail from './change-email.ts'
import changePassword from './change-password.ts'
import check from './check.ts'
import confirmEmail from './confirm-email.ts'
import deleteMe from './delete-me.ts'
import endSession from './end-session.ts'
import exportMe from './export-me.ts'
import forgotPassword from './forgot-password.ts'
import login from './login.ts'
import logout from './logout.ts'
import me from './me.ts'
import reauthenticate from './reauthenticate.ts'
import refresh from './refresh.ts'
import register from './register.ts'
import resendCode from './resend-code.ts'
import resetPassword from './reset-password.ts'
import sessions from './sessions.ts'
import undoEmailChange from './undo-email-change.ts'
import updateMe from './update-me.ts'
import verifyEmail from './verify-email.ts'

const open = [register, verifyEmail, resendCode, login, forgotPassword, resetPassword, confirmEmail, undoEmailChange]
const signingOut = [logout]
const holdingRefreshToken = [refresh]
const signedInHoweverItStands = [me]
const signedInThoughPasswordIsDue = [changePassword]
const signedInUncounted = [check]
const signedIn = [reauthenticate, updateMe, exportMe, sessions, endSession]
const signedInLately = [changeEmail, deleteMe]

/** Everything under `/auth`: who may come in, and as whom requests are counted, is said here and only here. */
const auth: FastifyPluginAsync = async app => {
  const { byClient, bySession, byToken } = app.limitRequests

  app.register(async context => {
    context.addHook('onRequest', byClient)
    for (const route of open) context.register(route)
  })

  app.register(async context => {
    context.addHook('preValidation', byToken)
    for (const route of signingOut) context.register(route)
  })

  app.register(async context => {
    context.addHook('preValidation', app.requireRefreshToken)
    context.addHook('preValidation', byToken)
    for (const route of holdingRefreshToken) context.register(route)
  })

  app.register(async context => {
    context.addHook('onRequest', app.requireSession({ passwordMayBeDue: true, vendorMayBeSuspended: true }))
    context.addHook('onRequest', bySession)
    for (const route of signedInHoweverItStands) context.register(route)
  })

  app.register(async context => {
    context.addHook('onRequest', app.requireSession({ passwordMayBeDue: true }))
    context.addHook('onRequest', bySession)
    for (const route of signedInThoughPasswordIsDue) context.register(route)
  })

  app.register(async context => {
    context.addHook('onRequest', app.requireSession())
    for (const route of signedInUncounted) context.register(route)
  })

  app.register(async context => {
    context.addHook('onRequest', app.requireSession())
    context.addHook('onRequest', bySession)
    for (const route of signedIn) context.register(route)
  })

  app.register(async context => {
    context.addHook('onRequest', app.requireSession())
    context.addHook('onRequest', bySession)
    context.addHook('onRequest', app.requireRecentSignIn)
    for (const route of signedInLately) context.register(route)
  })
}

export default auth
