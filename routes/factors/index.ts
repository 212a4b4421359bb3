import type { FastifyPluginAsync } from 'fastify'
import addTotp from './add-totp.ts'
import addPasskey from './add-passkey.ts'
import confirmTotp from './confirm-totp.ts'
import listPasskeys from './list-passkeys.ts'
import listSecondFactors from './list-second-factors.ts'
import passkeyOptions from './passkey-options.ts'
import removePasskey from './remove-passkey.ts'
import removeTotp from './remove-totp.ts'
import renamePasskey from './rename-passkey.ts'
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
      routes: [listSecondFactors, listPasskeys, renamePasskey]
    },
    {
      guards: { onRequest: [bySession, requireSession, requireRecentSignIn] },
      routes: [
        addTotp,
        confirmTotp,
        removeTotp,
        setTwoStep,
        renewRecoveryCodes,
        passkeyOptions,
        addPasskey,
        removePasskey
      ]
    }
  ])
}

export default factors
