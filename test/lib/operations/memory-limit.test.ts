import t from 'tap'
import { heapLimitBytes, memoryLimitBytes } from '../../../lib/operations/memory-limit.ts'

t.test('the limit of memory is that of the container, or the machine where there is none', async t => {
  t.equal(memoryLimitBytes(512, 4096), 512)
  t.equal(memoryLimitBytes(0, 4096), 4096, 'no container')
  t.equal(memoryLimitBytes(2 ** 63, 4096), 4096, 'a container without a limit')
  t.ok(memoryLimitBytes() > 0)
  t.ok(heapLimitBytes() > 0)
})
