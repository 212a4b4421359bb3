import { Session } from 'node:inspector/promises'
import type { AddressInfo } from 'node:net'

/** What a measured process does when it is asked to. */
export type Tasks = Record<string, (argument: never) => unknown>

/** Answers the process that measures; ends when that one goes. */
export function answerTasks (tasks: Tasks, close: () => Promise<unknown>) {
  const all: Tasks = { ...tasks, ...createProfiler(), cpu }

  process.on('message', async ({ id, task, argument }: { id: number, task: string, argument: never }) => {
    process.send?.({ id, answer: await all[task]?.(argument) })
  })
  process.once('disconnect', () => { close().finally(() => process.exit(0)) })
}

/** The port on which a process listens. */
export function portOf ([address]: (string | AddressInfo)[]) {
  return typeof address === 'object' ? address.port : undefined
}

/** Microseconds of processor time since the start. */
function cpu () {
  const { user, system } = process.cpuUsage()
  return user + system
}

function createProfiler () {
  const session = new Session()
  return { startProfile, stopProfile }

  async function startProfile () {
    session.connect()
    await session.post('Profiler.enable')
    await session.post('Profiler.setSamplingInterval', { interval: 200 })
    await session.post('Profiler.start')
  }

  /** The profile since its start, as a browser's developer tools open it. */
  async function stopProfile () {
    const { profile } = await session.post('Profiler.stop')
    session.disconnect()
    return JSON.stringify(profile)
  }
}
