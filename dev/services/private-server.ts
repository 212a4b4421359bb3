import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Guarded, spawnGuarded } from '../processes/guarded.ts'

export interface ServerOptions {
  name: string
  command: string[]
  env: NodeJS.ProcessEnv
  cwd?: string
  stopSignal: 'INT' | 'TERM'
  log: string
  /** Resolves to true when the server answers as it should. */
  answers: () => Promise<boolean>
}

export interface PrivateServer {
  readonly pid: number
  /** The file for the server's own output. */
  readonly log: string
  /** Starts it again after `stop` or `kill`: same port, same data. */
  start (): Promise<void>
  /** Asks it to end and waits until it has. Does nothing when it does not run. */
  stop (): Promise<void>
  /** Ends it as a crash would (SIGKILL). */
  kill (): Promise<void>
  /** Freezes it (SIGSTOP): connections stay open, nothing answers. */
  freeze (): void
  thaw (): void
}

const startTimeoutMs = 30_000
/** More than one, because a server that was killed holds its port and its locks for a moment longer. */
const attemptsMax = 5
const pollMs = 20

/**
 * Starts a server for this process alone and waits until it answers. Tests of failures can kill it and freeze it.
 *
 * @throws Error with the end of the log if the server does not start, or does not answer in time
 */
export async function startPrivateServer (options: ServerOptions): Promise<PrivateServer> {
  const { name, command, env, cwd, stopSignal, log, answers } = options
  let running: Guarded | undefined

  await start()
  return { get pid () { return running?.pid ?? Number.NaN }, log, start, stop, kill, freeze, thaw }

  async function start () {
    for (let attempt = 1; running === undefined; attempt++) {
      const candidate = await launch()
      if (await cameUp(candidate)) running = candidate
      else if (attempt === attemptsMax) throw new Error(`${name} does not start; the end of ${log}:\n${tail(log)}`)
      else await sleep(200 * attempt)
    }
  }

  async function launch () {
    const output = openSync(log, 'a', 0o600)
    try {
      return await spawnGuarded(command, { env, stopSignal, output, ...(cwd === undefined ? {} : { cwd }) })
    } finally {
      closeSync(output)
    }
  }

  async function cameUp (candidate: Guarded) {
    let ended = false
    candidate.exited.then(() => { ended = true }, () => { ended = true })

    for (const deadline = Date.now() + startTimeoutMs; Date.now() < deadline; await sleep(pollMs)) {
      if (ended) return false
      if (await answers()) return true
    }
    await candidate.kill()
    throw new Error(`${name} does not answer within ${startTimeoutMs / 1000} s; the end of ${log}:\n${tail(log)}`)
  }

  async function stop () {
    await running?.stop()
    running = undefined
  }

  async function kill () {
    if (running === undefined) return
    // A child of Postgres notices that its parent is gone only when it next waits, and answers until then. It is not
    // in our process group. The parent is killed first, so that it starts no more children.
    const [parent, orphans] = [running.pid, children(running.pid)]
    signal(parent, 'SIGKILL')
    for (const orphan of orphans) signal(orphan, 'SIGKILL')
    await running.exited
    running = undefined
  }

  function freeze () {
    if (running !== undefined) signalTree(running.pid, 'SIGSTOP')
  }

  function thaw () {
    if (running !== undefined) signalTree(running.pid, 'SIGCONT')
  }
}

function tail (file: string) {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-15).join('\n')
}

// Signals the parent first, so that it starts no children while they are listed.
function signalTree (pid: number, name: NodeJS.Signals) {
  signal(pid, name)
  for (const child of children(pid)) signal(child, name)
}

function children (pid: number) {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  } catch {
    return pgrep(pid)
  }
}

function pgrep (pid: number) {
  try {
    return execFileSync('pgrep', ['-P', `${pid}`], { encoding: 'utf8' }).split('\n').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

function signal (pid: number, name: NodeJS.Signals) {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended by itself.
  }
}
