import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { unavailable } from '../errors.ts'
import { createGate } from './gate.ts'
import type { Turn } from './gate.ts'

/** The commands of the Redis client that the stores use; one of its connections fits. */
export interface RedisCommands {
  evalsha (sha: string, keyCount: number, ...keysAndArguments: (string | number)[]): Promise<unknown>
  eval (source: string, keyCount: number, ...keysAndArguments: (string | number)[]): Promise<unknown>
  ping (): Promise<string>
  xadd (key: string, ...fields: (string | number)[]): Promise<string | null>
}

/** The only way to Redis: scripts, each atomic, each on the keys of one thing. */
export type Cache = ReturnType<typeof createCache>

/**
 * Redis with a deadline in milliseconds and a bounded queue. Whatever keeps it from answering (no
 * connection, loading, read-only, out of memory, the deadline) is `unavailable`; an error that a
 * script or a command of ours made is a bug and comes through.
 */
export function createCache (redis: RedisCommands, { concurrency, deadline }: { concurrency: number, deadline: number }) {
  const gate = createGate({ concurrency, queueMax: 0, deadline })

  return {
    script,
    /** Asks for an answer and returns how many milliseconds it took. */
    async ping () {
      const started = performance.now()
      await guard(() => redis.ping())
      return performance.now() - started
    },
    /** Adds an entry to a stream that keeps about the last hundred. */
    wake: (stream: string) => guard(() => redis.xadd(stream, 'MAXLEN', '~', 100, '*', 'wake', 1))
  }

  /** Loads `lua/NAME.lua`, after others whose functions it uses, and returns the function that runs it. */
  function script (...names: string[]) {
    const source = names.map(name => readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8')).join('\n')
    const sha = createHash('sha1').update(source).digest('hex')

    return (keys: string[], values: (string | number)[]) => guard(async turn => {
      try {
        return await redis.evalsha(sha, keys.length, ...keys, ...values)
      } catch (error) {
        if (!isUnknownScript(error) || turn.isOver) throw error
        return await redis.eval(source, keys.length, ...keys, ...values)
      }
    })
  }

  async function guard<T> (work: (turn: Turn) => Promise<T>): Promise<T> {
    try {
      return await gate.pass(work)
    } catch (error) {
      throw isMistake(error) ? error : unavailable(error)
    }
  }
}

function isUnknownScript (error: unknown) {
  return error instanceof Error && error.message.startsWith('NOSCRIPT')
}

// Redis answers what we did wrong with these words; LOADING, READONLY, OOM, CLUSTERDOWN, … and
// everything that the connection says mean that it cannot serve us now.
function isMistake (error: unknown) {
  return error instanceof Error && error.name === 'ReplyError' && /^(ERR|WRONGTYPE|NOSCRIPT|NOPERM)\b/.test(error.message)
}
