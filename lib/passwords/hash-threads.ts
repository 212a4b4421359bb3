import { Worker } from 'node:worker_threads'

/** Functions of modules that run in threads of their own. */
export type HashThreads = ReturnType<typeof createHashThreads<'argon2' | 'bcrypt' | 'crypto'>>

interface Call { resolve: (result: unknown) => void, reject: (error: Error) => void }
interface Thread { worker: Worker, calls: Map<number, Call> }

/** A thread at nice 10 gets a tenth of what the event loop gets where both want the same core. */
const nice = 10

// Plain text, because a loader of TypeScript would take longer to start in each thread than all the rest.
// On Linux each thread has a priority of its own; elsewhere that would be the whole process'.
const source = `
  const { parentPort, workerData } = require('node:worker_threads')
  if (process.platform === 'linux') require('node:os').setPriority(0, workerData.nice)
  parentPort.on('message', ({ id, module, name, values }) => {
    try {
      parentPort.postMessage({ id, result: require(workerData.modules[module])[name](...values) })
    } catch (error) {
      parentPort.postMessage({ id, error: String(error?.message ?? error) })
    }
  })`

/**
 * Runs costly synchronous functions beside the event loop and below its priority, so that a core
 * which both want goes to the requests that need no hash. libuv's pool would do neither: its threads are
 * as important as the loop, four at most, and shared with name look-ups and files.
 * @param modules what `require` takes, by the names that calls use; at most `count` threads load them, each what
 * it needs and when it needs it
 */
export function createHashThreads<M extends string> ({ modules, count }: { modules: Record<M, string>, count: number }) {
  const threads = new Set<Thread>()
  let number = 0

  return { call, close }

  /** What the module's function returns; rejects with what it throws, and when its thread comes to an end. */
  function call (module: M, name: string, values: unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { worker, calls } = idlest()
      const id = ++number
      calls.set(id, { resolve, reject })
      worker.ref()
      worker.postMessage({ id, module, name, values })
    })
  }

  /** Ends the threads, whatever they are doing. */
  async function close () {
    await Promise.all([...threads].map(async ({ worker }) => {
      worker.ref()
      await worker.terminate()
    }))
  }

  function idlest (): Thread {
    const [first] = [...threads].sort((a, b) => a.calls.size - b.calls.size)
    return first && (first.calls.size === 0 || threads.size >= count) ? first : start()
  }

  function start (): Thread {
    const thread: Thread = { worker: new Worker(source, { eval: true, execArgv: [], workerData: { modules, nice } }), calls: new Map() }
    const { worker, calls } = thread

    threads.add(thread)
    worker.on('message', answer)
    worker.on('error', end)
    worker.on('exit', () => end(new Error('the thread has ended')))
    return thread

    function answer ({ id, result, error }: { id: number, result?: unknown, error?: string }) {
      const call = calls.get(id)
      calls.delete(id)
      // A process that waits for nothing else may end.
      if (calls.size === 0) worker.unref()
      if (error === undefined) call?.resolve(result)
      else call?.reject(new Error(error))
    }

    function end (error: unknown) {
      threads.delete(thread)
      for (const { reject } of calls.values()) reject(error instanceof Error ? error : new Error(String(error)))
      calls.clear()
    }
  }
}
