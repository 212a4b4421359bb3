import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from 'ioredis'
import t from 'tap'
import { startRedis } from '../../../dev/services/services.ts'
import { disconnectQuietly } from '../../../lib/stores/redis-disconnects.ts'
import { createAuthority } from '../../stores/certificates.ts'

const attempts = 200
const retryStrategy = () => null

t.test('a client that is disconnected while it negotiates TLS never ends the process', async t => {
  const [authority, stranger] = [createAuthority('the authority'), createAuthority('the authority')]
  const folder = mkdtempSync(join(tmpdir(), 'tls-'))
  const server = await startRedis({ dataDir: join(folder, 'redis'), durable: false, tls: authority.issue('localhost') })
  t.teardown(server.stop)
  const url = server.redisUrl.replace('127.0.0.1', 'localhost')
  const uncaught: unknown[] = []
  process.on('uncaughtException', note)
  t.teardown(() => process.off('uncaughtException', note))

  let refused = 0
  for (let attempt = 0; attempt < attempts; attempt++) {
    const redis = disconnectQuietly(new Redis(url, { tls: { ca: stranger.cert }, lazyConnect: true, retryStrategy }))
    redis.on('error', () => { refused++ })
    const connecting = redis.connect().catch(() => {})
    await pause(attempt % 8)
    redis.disconnect()
    await connecting
  }
  t.same(uncaught, [])
  t.ok(refused > 0, 'some got as far as the certificate')

  function note (error: unknown) { uncaught.push(error) }
})
