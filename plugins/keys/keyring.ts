import fp from 'fastify-plugin'
import type { Clock } from '../../lib/clock.ts'
import type { Config } from '../../lib/config/config.ts'
import { createEncryption } from '../../lib/crypto/encryption.ts'
import { createKeyAuthenticity } from '../../lib/keys/authenticity.ts'
import { createKeyring } from '../../lib/keys/keyring.ts'
import type { Keyring } from '../../lib/keys/keyring.ts'
import { createDeploymentStore } from '../../lib/changes/deployment-store.ts'
import { createSigningKeyStore } from '../../lib/keys/signing-key-store.ts'
import { purposes } from '../../lib/crypto/purposes.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly keyring: Keyring }
}

export type KeyringPluginOptions = Config['keyring'] & { clock: Clock }

/** How often (ms) a listening node checks, in its memory, whether a key has to change its status. */
const intervalMs = 10_000

export default fp<KeyringPluginOptions>(async function openKeyring (app, { clock, signingKeyTtl }) {
  const secrets = app.secrets.derive(purposes.signingKeys)
  const { endEverything } = createDeploymentStore()
  const keyring = createKeyring({
    store: createSigningKeyStore(app.database, app.unitsOfWork),
    encryption: createEncryption(secrets),
    newest: createEncryption(secrets.slice(0, 1)),
    authenticity: createKeyAuthenticity(app.secrets.derive(purposes.signingKeyRows)),
    clock,
    signingKeyTtl,
    endEverything,
    warn
  })
  let timer: NodeJS.Timeout | undefined

  await maintain()
  app.decorate('keyring', keyring)
  app.feed.subscribe('keys_changed', keyring.follow)
  app.addHook('onListen', async () => {
    timer = setInterval(() => { maintain().catch(warn) }, intervalMs)
  })
  app.addHook('onClose', async () => {
    clearInterval(timer)
    keyring.stop()
  })

  async function maintain () {
    await keyring.maintain()
    if (keyring.problem !== null) app.log.error(keyring.problem)
  }

  function warn (error: unknown) {
    app.log.warn({ err: error }, 'signing keys')
  }
}, { name: 'keyring', dependencies: ['stores', 'changes'] })
