import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { unavailable } from '../errors.ts'
import { createGate } from './gate.ts'
import type { Slot } from './gate.ts'

/** The commands of the Redis client that the stores use; one of its connections fits. */
export interface RedisCommands {
  evalsha (sha: string, keyCount: number, ...keysAndArguments: (string | number)[]): Promise<unknown>
  eval (source: string, keyCount: number, ...keysAndArguments: (string | number)[]): Promise<unknown>
  time (): Promise<(string | number)[]>
  xadd (key: string, ...fields: (string | number)[]): Promise<string | null>
}

/** How far the clock of Redis is ahead of this node's monotonic one, as an answer that took so long told (ms). */
interface Measured { ahead: number, took: number, at: number }

/** So long (ms) a quick measurement is better than a new one. */
const measuredFor = 30_000
/** Further off this node's clock than this (ms), times of Redis mean nothing here. */
const skewAllowed = 15_000

/** The only way to Redis: scripts, each atomic, each on the keys of one thing. */
export type RedisScripts = ReturnType<typeof createRedisScripts>

/**
 * Redis with a deadline in milliseconds and a bounded queue. Whatever keeps it from answering (no
 * connection, loading, read-only, out of memory, the deadline) is `unavailable`; an error that a
 * script or a command of ours made is a bug and comes through.
 */
export function createRedisScripts (redis: RedisCommands, { concurrency, deadline }: { concurrency: number, deadline: number }) {
  const gate = createGate({ concurrency, queueMax: 0, deadline })
  let measured: Measured | null = null

  return {
    script,
    ping,
    latest,
    /** Adds an entry to a stream that keeps about the last hundred. */
    wake: (stream: string) => guard(() => redis.xadd(stream, 'MAXLEN', '~', 100, '*', 'wake', 1))
  }

  /** Asks for an answer, learns by it what time it is there, and returns how many milliseconds it took. */
  async function ping () {
    const started = performance.now()
    const [seconds, microseconds] = await guard(() => redis.time())
    const at = performance.now()
    const took = at - started
    const ahead = Number(seconds) * 1000 + Number(microseconds) / 1000 - at

    // The quicker the answer, the better is known what time it was; clocks drift, so not for long.
    if (!measured || took <= measured.took || at - measured.at > measuredFor) measured = { ahead, took, at }
    return took
  }

  /**
   * The time of Redis (ms since 1970) until which a call that is made now is waited for: whoever hands it
   * to a script can have it do nothing later than that. '' before the first `ping`. Throws `unavailable`
   * while its clock is too far off for times of one to be judged by the other.
   */
  function latest (): number | '' {
    if (!measured) return ''

    const now = performance.now() + measured.ahead
    if (Math.abs(now - Date.now()) > skewAllowed) throw unavailable(new Error('the clock of Redis is off'))
    return Math.floor(now + deadline)
  }

  /** Loads `lua/NAME.lua`, after others whose functions it uses, and returns the function that runs it. */
  function script (...names: string[]) {
    const source = names.map(name => readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8')).join('\n')
    const sha = createHash('sha1').update(source).digest('hex')

    return (keys: string[], values: (string | number)[]) => guard(async slot => {
      try {
        return await redis.evalsha(sha, keys.length, ...keys, ...values)
      } catch (error) {
        if (!isUnknownScript(error) || slot.isOver) throw error
        return await redis.eval(source, keys.length, ...keys, ...values)
      }
    })
  }

  async function guard<T> (work: (slot: Slot) => Promise<T>): Promise<T> {
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
