import { AsyncLocalStorage, createHook } from 'node:async_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { startStopwatch } from './stopwatch.ts'

interface Holder { kind: string, hasRef: () => boolean }

/** What keeps a process from ending for as long as it is open: sockets, servers, pipes, threads and timers. */
const kinds = new Set(['TCPWRAP', 'TCPSERVERWRAP', 'PIPEWRAP', 'PIPESERVERWRAP', 'UDPWRAP', 'WORKER', 'Timeout'])

/** How long (ms) the other side of a connection may take to close it, by default. */
const defaultClosingMaxMs = 5000

/** What the work that runs has opened, by its number among asynchronous resources. */
const works = new AsyncLocalStorage<Map<number, Holder>>()
const running = new Set<Map<number, Holder>>()

const hook = createHook({
  init (id, kind, _trigger, resource: { hasRef? (): boolean }) {
    if (kinds.has(kind)) works.getStore()?.set(id, { kind, hasRef: () => resource.hasRef?.() ?? true })
  },
  destroy (id) {
    for (const opened of running) opened.delete(id)
  }
})

/**
 * Does work that shall leave nothing open, because a process that did only this work would never end.
 * @throws Error with the kinds of what is open still, after what was closed had time to close
 */
export async function leavingNothingOpen<T> (
  work: () => Promise<T>,
  { closingMaxMs = defaultClosingMaxMs } = {}
): Promise<T> {
  const opened = new Map<number, Holder>()
  running.add(opened)
  hook.enable()
  try {
    const result = await works.run(opened, work)
    for (const passed = startStopwatch(); holding(opened).length > 0 && passed() < closingMaxMs;) await pause(5)
    const left = holding(opened)
    if (left.length > 0) throw new Error(`This was left open: ${left.join(', ')}`)
    return result
  } finally {
    running.delete(opened)
    if (running.size === 0) hook.disable()
  }
}

function holding (opened: Map<number, Holder>): string[] {
  return [...opened.values()].filter(({ hasRef }) => hasRef()).map(({ kind }) => kind)
}
