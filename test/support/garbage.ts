import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Frees what nothing in this process refers to any more. */
export function collectGarbage () {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  // The first may leave buffers to the next.
  collect()
  collect()
}
