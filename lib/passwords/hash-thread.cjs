// A thread of lib/passwords/hash-threads.ts. It is JavaScript and CommonJS because it starts with each thread: a
// loader of TypeScript would take longer to start than everything else here, and ES modules take longer as well.
const { setPriority } = require('node:os')
const { parentPort, workerData } = require('node:worker_threads')

/**
 * A call of a module's function.
 * @typedef {{ id: number, module: string, name: string, values: unknown[] }} Call
 */

/** @type {{ modules: Record<string, string>, nice: number }} */
const { modules, nice } = workerData

// Under another name, because tsc would rewrite a call of `require` whose argument it does not know.
const load = require

// On Linux each thread has a priority of its own; elsewhere this would change that of the whole process.
if (process.platform === 'linux') setPriority(0, nice)

parentPort?.on('message', answer)

/**
 * Answers with the result, or with the message of what was thrown.
 * @param {Call} call
 */
function answer ({ id, module, name, values }) {
  try {
    parentPort?.postMessage({ id, result: load(modules[module] ?? module)[name](...values) })
  } catch (error) {
    parentPort?.postMessage({ id, error: error instanceof Error ? error.message : String(error) })
  }
}
