import { Redis } from 'ioredis'
import { load, request } from '../load/load.ts'
import { login } from '../load/scenarios.ts'
import type { Account } from '../processes/latchkey.ts'
import type { Node } from '../processes/node.ts'

/** The mean size in Redis (bytes, by MEMORY USAGE) of a session that has been refreshed once. */
export async function bytesPerSession (
  node: Node,
  accounts: Account[],
  { url, prefix, sessions }: { url: string, prefix: string, sessions: number }
): Promise<number> {
  const ids: string[] = []
  const connections = 10
  const left = Array.from({ length: connections }, () => sessions / connections)

  await load({
    port: node.port,
    connections,
    milliseconds: 30_000,
    next (connection, last) {
      const answer = last && JSON.parse(last.body)
      if (answer && !ids.includes(answer.session.id)) {
        ids.push(answer.session.id)
        return request('POST', '/api/v1/auth/refresh', { body: { refresh_token: answer.refresh_token } })
      }
      const remaining = left[connection] ?? 0
      left[connection] = remaining - 1
      return remaining > 0 ? login(accounts[ids.length % accounts.length] ?? { email: '' }) : undefined
    }
  })

  const redis = new Redis(url)
  const sizes = await Promise.all(ids.map(id => redis.call('MEMORY', 'USAGE', `${prefix}session:{${id}}`)))
  redis.disconnect()
  return sizes.reduce<number>((sum, bytes) => sum + Number(bytes), 0) / sizes.length
}
