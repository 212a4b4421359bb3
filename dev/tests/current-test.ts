import type { Test } from 'tap'

/** The test that stands for the test file that runs now, where files share a process. */
export const current: { test: Test | undefined } = { test: undefined }

/** What such a file gets as `t` in place of tap's root, because a process has only one root. */
export default new Proxy({}, {
  get (_, name) {
    const { test } = current
    if (test === undefined) throw new Error('No test file runs now')
    const value: unknown = Reflect.get(test, name)
    return typeof value === 'function' ? value.bind(test) : value
  }
})
