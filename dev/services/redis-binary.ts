import { existsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { findExecutable } from '../processes/executables.ts'
import { isDebian, unpackDebian } from './debian.ts'

export interface RedisBinary {
  server: string
  cli: string
  env: NodeJS.ProcessEnv
}

const packages = ['redis-tools', 'liblzf1', 'libjemalloc2', 'libatomic1']
const advice = 'No Redis here: apt-get install redis-server | brew install redis | ' +
  'docker run -p 6379:6379 redis:7 and REDIS_URL=redis://127.0.0.1:6379'

/**
 * Finds a Redis or Valkey server on the PATH, or unpacks Debian's without installing it.
 *
 * @throws Error that says what to install.
 */
export async function findRedis (): Promise<RedisBinary> {
  for (const name of ['redis', 'valkey']) {
    const [server, cli] = [`${name}-server`, `${name}-cli`].map(program => findExecutable([program]))
    if (server !== undefined) return { server, cli: cli ?? `${name}-cli`, env: process.env }
  }
  if (!isDebian()) throw new Error(advice)

  try {
    return await unpacked()
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim() : String(error)
    throw new Error(`${advice}\n(unpacking Debian's did not work: ${reason})`)
  }
}

// Debian's redis-tools has one program that acts as the checker or as the server, depending on its file name.
async function unpacked (): Promise<RedisBinary> {
  const { folder, env } = await unpackDebian(packages)
  const server = join(folder, 'usr/bin/redis-server')

  try {
    symlinkSync('redis-check-rdb', server)
  } catch (error) {
    if (!existsSync(server)) throw error
  }
  return { server, cli: join(folder, 'usr/bin/redis-cli'), env }
}
