import { Session } from 'node:inspector/promises'
import type { AddressInfo } from 'node:net'

/** What a measured process does on request, by name. */
export type Tasks = Record<string, (argument: never) => unknown>

/** Does the tasks that the measuring process asks for. Ends this process when the measuring one disconnects. */
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

/** Microseconds of processor time since the start of this process. */
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

  /** The profile since `startProfile`, as JSON that a browser's developer tools can open. */
  async function stopProfile () {
    const { profile } = await session.post('Profiler.stop')
    session.disconnect()
    return JSON.stringify(profile)
  }
}
