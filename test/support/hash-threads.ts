import { createRequire } from 'node:module'
import type { Test } from 'tap'
import { createHashThreads } from '../../lib/passwords/hash-threads.ts'

/** Two threads for hashes, which end with the test. */
export function startHashThreads (t: Pick<Test, 'teardown'>) {
  const { resolve } = createRequire(import.meta.url)
  const modules = { argon2: resolve('@node-rs/argon2'), bcrypt: resolve('bcryptjs'), crypto: 'node:crypto' }
  const threads = createHashThreads({ modules, count: 2 })

  t.teardown(threads.close)
  return threads
}
