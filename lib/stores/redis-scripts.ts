import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { unavailable } from '../errors.ts'
import { createGate } from './gate.ts'
import type { Slot } from './gate.ts'

/** The commands of the Redis client that the stores use. A client of ioredis fits. */
export interface RedisCommands {
  evalsha (sha: string, keyCount: number, ...keysAndArguments: (string | number)[]): Promise<unknown>
  eval (source: string, keyCount: number, ...keysAndArguments: (string | number)[]): Promise<unknown>
  time (): Promise<(string | number)[]>
  xadd (key: string, ...fields: (string | number)[]): Promise<string | null>
  set (key: string, value: string, unit: 'PX', lifetimeMs: number): Promise<string | null>
}

/** A measurement of the clock of Redis, in milliseconds. */
interface Measured {
  /** How far it is ahead of this node's monotonic clock, at least. */
  ahead: number
  /** How long the answer took. */
  took: number
  /** The monotonic time of the measurement. */
  at: number
}

/** For this time a measurement is kept if the new one took longer and does not contradict it. */
const measurementLifetimeMs = 30_000
/** If the clock of Redis differs from this node's by more than this, its times are of no use here. */
const skewMaxMs = 15_000

/** The only way to Redis: scripts. Each is atomic and touches the keys of one hash tag. */
export type RedisScripts = ReturnType<typeof createRedisScripts>

/**
 * Redis with a bound on calls and a deadline for each of them. Whatever keeps it from answering (no connection,
 * loading, read-only, out of memory, the deadline) is thrown as Refusal `unavailable`. An error in a script or
 * command of ours is a bug and is thrown as it is.
 * @param concurrency the most calls at once; one more is refused
 * @param deadline milliseconds
 */
export function createRedisScripts (
  redis: RedisCommands, { concurrency, deadline }: { concurrency: number, deadline: number }
) {
  const gate = createGate({ concurrency, queueMax: 0, deadline })
  let measured: Measured | null = null

  return {
    script,
    ping,
    tryWrite,
    latest,
    /** Adds an entry to a stream that keeps about the last hundred. */
    wake: (stream: string) => guard(() => redis.xadd(stream, 'MAXLEN', '~', 100, '*', 'wake', 1))
  }

  /** Asks Redis for its time and keeps it for `latest`. Returns how many milliseconds the answer took. */
  async function ping () {
    const started = performance.now()
    const [seconds, microseconds] = await guard(() => redis.time())
    const at = performance.now()
    const took = at - started
    const fresh = { ahead: Number(seconds) * 1000 + Number(microseconds) / 1000 - at, took, at }

    if (!measured || replaces(fresh, measured)) measured = fresh
    return took
  }

  /**
   * Writes a key that stays for `lifetimeMs`. Returns the code with which Redis, which answers, takes no writes: `OOM`,
   * `READONLY`, `MISCONF` or `NOREPLICAS`. Null if it has taken this one.
   * @throws Refusal `unavailable` if it does not answer
   */
  async function tryWrite (key: string, lifetimeMs: number): Promise<string | null> {
    return await guard(async () => {
      try {
        await redis.set(key, '', 'PX', lifetimeMs)
        return null
      } catch (error) {
        const code = refusalOfWrites(error)
        if (code === null) throw error
        return code
      }
    })
  }

  /**
   * The time of Redis (ms since 1970) at which the deadline of a call that is made now ends. A script that gets it can
   * do nothing after it. '' before the first `ping`.
   * @throws Refusal `unavailable` while the clocks of Redis and this node differ too much to be compared
   */
  function latest (): number | '' {
    if (!measured) return ''

    const now = performance.now() + measured.ahead
    if (Math.abs(now - Date.now()) > skewMaxMs) throw unavailable(new Error('the clock of Redis is off'))
    return Math.floor(now + deadline)
  }

  /**
   * Loads `lua/NAME.lua` and returns the function that runs it.
   * @param names the script, after the files whose functions it uses
   */
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

// A quicker answer gives a more exact time; but clocks drift, so an old measurement is replaced in any case, and so is
// one that contradicts the new one: it was the clock of another Redis, or somebody has set the clock.
function replaces (fresh: Measured, kept: Measured) {
  return fresh.took <= kept.took || fresh.at - kept.at > measurementLifetimeMs || areApart(fresh, kept)
}

/** Redis read its clock some time between the call and the answer: it is ahead by `ahead` to `ahead + took`. */
function areApart (a: Measured, b: Measured) {
  return a.ahead > b.ahead + b.took || b.ahead > a.ahead + a.took
}

function isUnknownScript (error: unknown) {
  return error instanceof Error && error.message.startsWith('NOSCRIPT')
}

function refusalOfWrites (error: unknown): string | null {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return null
  return /^(OOM|READONLY|MISCONF|NOREPLICAS)\b/.exec(error.message)?.[0] ?? null
}

// Redis reports our own mistakes with these codes. LOADING, READONLY, OOM, CLUSTERDOWN, … and all errors of the
// connection mean that it cannot serve us now.
function isMistake (error: unknown) {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return false
  return /^(ERR|WRONGTYPE|NOSCRIPT|NOPERM)\b/.test(error.message.replace(wrapping, ''))
}

// What Redis before 7 writes before the error of a command inside a script, whatever its code is.
const wrapping = /^ERR Error running script \(call to f_[0-9a-f]{40}\): @user_script:\d+: @user_script: ?\d+: -/
