import fp from 'fastify-plugin'
import type { Clock } from '../../lib/clock.ts'
import { createFollowers } from '../../lib/followers/followers.ts'
import type { Followers } from '../../lib/followers/followers.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly followers: Followers }
}

/** How often (ms) followers are told that this node may judge tokens. */
const tickIntervalMs = 1000

/** `app.followers`. Its streams end first when the server closes: a stream never ends by itself. */
export default fp<{ clock: Clock }>(async function tellFollowers (app, { clock }) {
  const { feed, revocations, services, metrics } = app
  const followers = createFollowers({
    clock,
    feed,
    list: revocations.list,
    mayFollow: services.followers,
    warn: error => app.log.warn({ err: error }, 'followers')
  })
  let timer: NodeJS.Timeout | undefined

  app.decorate('followers', followers)
  metrics.gauge('latchkey_followers', 'Services that follow what has ended at this node.', () => followers.size)
  feed.followReads(followers.heard)
  app.addHook('onReady', async () => { timer = setInterval(followers.tick, tickIntervalMs) })
  app.addHook('preClose', async () => followers.end())
  app.addHook('onClose', async () => clearInterval(timer))
}, { name: 'followers', dependencies: ['monitoring', 'changes'] })
