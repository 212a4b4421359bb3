import { spawn, spawnSync } from 'node:child_process'
import { openSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/** A process under measurement. Times of the processor are in microseconds, its own and the kernel's for it. */
export interface Node {
  readonly port: number
  cpu (): Promise<number>
  /** Asks the process to do something; see the script. */
  ask<T> (task: string, argument?: unknown): Promise<T>
  stop (): Promise<void>
}

export interface NodeOptions {
  script: string
  /** Processors it may use, as taskset writes them. */
  cores: string
  env: Record<string, string>
  /** Where what it logs goes. */
  log: string
}

/** Whether processes can be kept to processors here. */
export const canPin = availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0

/** Keeps this process, and what it starts from here on, to some processors. */
export function pinOurselves (cores: string) {
  if (canPin) spawnSync('taskset', ['-a', '-p', '-c', cores, `${process.pid}`])
}

/** Starts a script, waits until it listens. It ends with us. */
export async function startNode ({ script, cores, env, log }: NodeOptions): Promise<Node> {
  const command = [...(canPin ? ['taskset', '-c', cores] : []), process.execPath, script]
  const [program = '', ...args] = command
  const child = spawn(program, args, { env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', openSync(log, 'a'), 'inherit', 'ipc'] })
  const waiting = new Map<number, (answer: never) => void>()
  let number = 0

  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => code === 0 ? resolve() : reject(new Error(`${script} ended with ${code}; see above or its log`)))
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
