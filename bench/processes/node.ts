import { spawn, spawnSync } from 'node:child_process'
import { openSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/** A process under measurement. */
export interface Node {
  readonly port: number
  /** Microseconds of processor time since its start, its own and the kernel's. */
  cpu (): Promise<number>
  /** Asks the process to do one of its script's tasks, and returns the answer. */
  ask<T> (task: string, argument?: unknown): Promise<T>
  stop (): Promise<void>
}

export interface NodeOptions {
  script: string
  /** The processors that it may use, in the form that taskset takes: `0,1`. */
  cores: string
  env: Record<string, string>
  /** The file for its log. */
  log: string
}

/** Whether this machine can limit a process to some processors. */
export const canPin = availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0

/** Limits this process, and those that it starts from here on, to some processors. */
export function pinOurselves (cores: string) {
  if (canPin) spawnSync('taskset', ['-a', '-p', '-c', cores, `${process.pid}`])
}

/**
 * Starts a script and waits until it listens. It ends when this process does.
 *
 * @throws Error when the script ends before it has answered
 */
export async function startNode ({ script, cores, env, log }: NodeOptions): Promise<Node> {
  const command = [...(canPin ? ['taskset', '-c', cores] : []), process.execPath, script]
  const [program = '', ...args] = command
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', openSync(log, 'a'), 'inherit', 'ipc']
  })
  const waiting = new Map<number, (answer: never) => void>()
  let number = 0

  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => {
      if (code === 0) resolve()
      else reject(new Error(`${script} ended with ${code}; see above or its log`))
    })
  })
  ended.catch(() => {})
  child.on('message', ({ id, answer }: { id: number, answer: never }) => {
    waiting.get(id)?.(answer)
    waiting.delete(id)
  })

  const port = await ask<number>('port')
  return { port, cpu: () => ask<number>('cpu'), ask, stop }

  function ask<T> (task: string, argument?: unknown) {
    const answer = new Promise<T>(resolve => { waiting.set(++number, resolve) })
    child.send({ id: number, task, argument })
    return Promise.race([answer, ended.then(() => { throw new Error(`${script} has ended`) })])
  }

  async function stop () {
    child.disconnect()
    await ended
  }
}
