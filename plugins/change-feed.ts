import fp from 'fastify-plugin'
import { createChangeFeed } from '../lib/changes/change-feed.ts'
import type { ChangeFeed } from '../lib/changes/change-feed.ts'
import type { Clock } from '../lib/clock.ts'
import { createChangeStore } from '../lib/changes/change-store.ts'
import type { Change } from '../lib/changes/change-store.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly feed: ChangeFeed }
}

export default fp<{ clock: Clock }>(async function followChanges (app, { clock }) {
  const warn = (error: unknown) => app.log.warn({ err: error }, 'change feed')
  const feed = createChangeFeed({
    store: createChangeStore(app.database),
    clock,
    apply,
    wake: () => app.cache.wake('changes'),
    warn
  })

  await feed.start()
  app.decorate('feed', feed)
  app.addHook('onClose', feed.stop)

  function apply (change: Change) {
    app.revocations.apply(change)
    if (change.kind === 'roles_changed') app.roles.follow()
    if (change.kind === 'keys_changed') app.keyring.reload().catch(warn)
  }
}, { name: 'change-feed', dependencies: ['postgres', 'cache', 'revocations', 'roles', 'keyring'] })
