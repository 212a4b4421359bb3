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
import loginPasskey from './login-passkey.ts'
import loginPasskeyOptions from './login-passkey-options.ts'
import loginSecondFactor from './login-second-factor.ts'
import loginSecondFactorOptions from './login-second-factor-options.ts'
import logout from './logout.ts'
import me from './me.ts'
import reauthenticate from './reauthenticate.ts'
import removePassword from './remove-password.ts'
import reauthenticateOptions from './reauthenticate-options.ts'
import refresh from './refresh.ts'
import register from './register.ts'
import resendCode from './resend-code.ts'
import resetPassword from './reset-password.ts'
import sessions from './sessions.ts'
import undoEmailChange from './undo-email-change.ts'
import updateMe from './update-me.ts'
import verifyEmail from './verify-email.ts'
import { registerGuarded } from '../guarded.ts'

/** Everything under `/auth`. This table says which guards each route has, and by what its requests are counted. */
const auth: FastifyPluginAsync = async app => {
  const { requireSession, requireRecentSignIn, requireRecentPasskey, requireRefreshToken } = app
  const { byClient, bySession, byToken } = app.limitRequests

  registerGuarded(app, [
    {
      guards: { onRequest: [byClient] },
      routes: [
        register,
        verifyEmail,
        resendCode,
        login,
        loginSecondFactorOptions,
        loginSecondFactor,
        loginPasskeyOptions,
        loginPasskey,
        forgotPassword,
        resetPassword,
        confirmEmail,
        undoEmailChange
      ]
    },
    {
      guards: { preValidation: [byToken] },
      routes: [logout]
    },
    {
      guards: { preValidation: [requireRefreshToken, byToken] },
      routes: [refresh]
    },
    {
      guards: { onRequest: [bySession, requireSession({ allow: ['password_due', 'factor_due', 'vendor_suspended'] })] },
      routes: [me]
    },
    {
      // Where an account needs two factors, both have to be proved before the password is changed.
      guards: { onRequest: [bySession, requireSession({ allow: ['password_due', 'factor_due'] })] },
      routes: [changePassword, reauthenticateOptions, reauthenticate]
    },
    {
      // Not counted, because a proxy asks once for each request that it receives.
      guards: { onRequest: [requireSession()] },
      routes: [check]
    },
    {
      guards: { onRequest: [bySession, requireSession()] },
      routes: [updateMe, sessions, endSession]
    },
    {
      guards: { onRequest: [bySession, requireSession(), requireRecentSignIn] },
      routes: [changeEmail, exportMe, deleteMe]
    },
    {
      guards: { onRequest: [bySession, requireSession(), requireRecentPasskey] },
      routes: [removePassword]
    }
  ])
}

export default auth
