import { Worker } from 'node:worker_threads'
import { unavailable } from '../errors.ts'

/** Functions of modules that run in threads of their own. */
export type HashThreads = ReturnType<typeof createHashThreads<'argon2' | 'bcrypt' | 'crypto'>>

interface Call { resolve: (result: unknown) => void, reject: (error: Error) => void }
interface Thread { worker: Worker, calls: Map<number, Call> }

/** What a thread answers to the call with that id. */
interface Answer { id: number, result?: unknown, error?: string }

/** The nice value of the threads: at 10 a thread gets a tenth of what the event loop gets if both want one core. */
const nice = 10

const program = new URL('./hash-thread.cjs', import.meta.url)

/**
 * Runs costly synchronous functions beside the event loop and at a lower priority, so that a core which both want
 * goes to the requests that need no hash. libuv's pool would do neither: its threads have the priority of the loop,
 * there are four at most, and name look-ups and files share them.
 * @param modules the names that calls use, each with what `require` takes
 * @param count the most threads. Each of them loads a module when the first call needs it there.
 */
export function createHashThreads<M extends string> (
  { modules, count }: { modules: Record<M, string>, count: number }
) {
  const threads = new Set<Thread>()
  let lastId = 0
  let isClosed = false

  return { call, close }

  /**
   * What the function of a module returns.
   * @throws Error with the message of what the function throws; Refusal `unavailable` when its thread ends, and after
   * `close`
   */
  function call (module: M, name: string, values: unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (isClosed) throw unavailable(new Error('the threads have ended'))
      const { worker, calls } = idlest()
      const id = ++lastId
      calls.set(id, { resolve, reject })
      worker.ref()
      worker.postMessage({ id, module, name, values })
    })
  }

  /** Ends the threads, whatever they are doing. */
  async function close () {
    isClosed = true
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
    const calls = new Map<number, Call>()
    const worker = new Worker(program, { execArgv: [], workerData: { modules, nice } })
    const thread = { worker, calls }

    threads.add(thread)
    worker.on('message', answer)
    worker.on('error', end)
    worker.on('exit', () => end(new Error('the thread has ended')))
    return thread

    function answer ({ id, result, error }: Answer) {
      const call = calls.get(id)
      calls.delete(id)
      // An idle thread must not keep the process alive.
      if (calls.size === 0) worker.unref()
      if (error === undefined) call?.resolve(result)
      else call?.reject(new Error(error))
    }

    function end (error: unknown) {
      threads.delete(thread)
      for (const { reject } of calls.values()) reject(unavailable(error))
      calls.clear()
    }
  }
}
