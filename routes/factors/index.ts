import type { FastifyPluginAsync } from 'fastify'
import addTotp from './add-totp.ts'
import confirmTotp from './confirm-totp.ts'
import listSecondFactors from './list-second-factors.ts'
import removeTotp from './remove-totp.ts'
import renewRecoveryCodes from './renew-recovery-codes.ts'
import setTwoStep from './set-two-step.ts'
import { registerGuarded } from '../guarded.ts'

/** The second factors of the user who asks. Whatever changes one needs a recent sign-in. */
const factors: FastifyPluginAsync = async app => {
  const { requireRecentSignIn, limitRequests: { bySession } } = app
  // By these routes a user gets what the role demands.
  const requireSession = app.requireSession({ allow: ['factor_due'] })

  registerGuarded(app, [
    {
      guards: { onRequest: [bySession, requireSession] },
      routes: [listSecondFactors]
    },
    {
      guards: { onRequest: [bySession, requireSession, requireRecentSignIn] },
      routes: [addTotp, confirmTotp, removeTotp, setTwoStep, renewRecoveryCodes]
    }
  ])
}

export default factors
