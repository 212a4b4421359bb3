import fp from 'fastify-plugin'
import { createChangeFeed } from '../../lib/changes/change-feed.ts'
import type { ChangeFeed, FeedRead } from '../../lib/changes/change-feed.ts'
import type { Clock } from '../../lib/clock.ts'
import { createChangeStore } from '../../lib/changes/change-store.ts'
import type { Change } from '../../lib/changes/change.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * With `subscribe`: the listener is called for each change of a kind, which outdates its copy in memory, with the
     * last moment (monotonic, ms) at which it was up to date. With `onStartOver`: the listener is called when Postgres
     * may have lost what is in memory, so that it is read again; the listeners of all kinds are called as well. With
     * `followReads`: the listener is called with every read, and the next read begins after its promise.
     */
    readonly feed: ChangeFeed & {
      subscribe (kind: Change['kind'], listener: (since: number) => void): void
      onStartOver (listener: () => void): void
      followReads (listener: (read: FeedRead) => void | Promise<void>): void
    }
  }
}

export default fp<{ clock: Clock }>(async function followChanges (app, { clock }) {
  const warn = (error: unknown) => app.log.warn({ err: error }, 'change feed')
  const feed = createChangeFeed({
    store: createChangeStore(app.feedDatabase),
    clock,
    apply,
    startOver: app.revocations.startOver,
    settle,
    wake: () => app.scripts.wake('changes'),
    warn,
    onRead: async read => { for (const listener of readers) await listener(read) }
  })

  // Everything in memory was read after this moment.
  const startedAt = clock.monotonic()
  const listeners = new Map<Change['kind'], (since: number) => void>()
  const starters = new Set<() => void>()
  const readers = new Set<(read: FeedRead) => void | Promise<void>>()

  app.decorate('feed', {
    ...feed,
    subscribe: (kind, listener) => { listeners.set(kind, listener) },
    onStartOver: listener => { starters.add(listener) },
    followReads: listener => { readers.add(listener) }
  })
  // The first read comes before the first answer, and after every feature has subscribed.
  app.addHook('onReady', feed.start)
  app.addHook('onClose', feed.stop)

  function apply (change: Change) {
    app.revocations.apply(change)
    listeners.get(change.kind)?.(upToDateAt())
  }

  // In one go, so that nothing is read in between under a version that the new memory does not know.
  function settle () {
    app.revocations.settle()
    for (const listener of listeners.values()) listener(upToDateAt())
    for (const listener of starters) listener()
  }

  // What a read has found may have happened at any time since the one before.
  function upToDateAt () {
    return Math.max(startedAt, clock.monotonic() - feed.ageMs())
  }
}, { name: 'change-feed', dependencies: ['stores'] })
