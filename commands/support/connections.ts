import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import type { Config } from '../../lib/config/config.ts'
import mailer from '../../plugins/mail/mailer.ts'
import connectPostgres from '../../plugins/stores/postgres.ts'
import connectRedis from '../../plugins/stores/redis.ts'

/** How long (ms) closing may take: what hangs must not keep the command from ending. */
const closeTimeoutMs = 3000

/**
 * Connections to what a server uses, each opened when it is asked for, and by itself: one that cannot be opened keeps
 * no other from being opened.
 */
export function createConnections (config: Config) {
  const apps: FastifyInstance[] = []
  const few = { ...config.postgres, poolMax: 2, poolMin: 0 }

  return {
    database: once(async () => (await open(app => app.register(connectPostgres, few))).database),
    direct: once(async () => (
      await open(app => app.register(connectPostgres, { ...few, url: config.postgres.directUrl }))
    ).database),
    redis: once(async () => (await open(app => app.register(connectRedis, config.redis))).redis),
    mailer: once(async () => (
      await open(app => app.register(mailer, { ...config.mail, ...config.process }))
    ).mailer),
    close
  }

  async function open (register: (app: FastifyInstance) => PromiseLike<unknown>): Promise<FastifyInstance> {
    const app = Fastify()
    apps.push(app)
    await register(app)
    return app
  }

  async function close () {
    await Promise.all(apps.map(async app => {
      await Promise.race([app.close().catch(() => {}), sleep(closeTimeoutMs)])
    }))
  }
}

function once<T> (open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | undefined
  return () => {
    opened ??= open()
    return opened
  }
}

async function sleep (milliseconds: number) {
  await new Promise(resolve => { setTimeout(resolve, milliseconds).unref() })
}
