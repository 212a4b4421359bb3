import fp from 'fastify-plugin'
import type { Config } from '../../lib/config/config.ts'
import { heapLimitBytes, memoryLimitBytes } from '../../lib/operations/memory-limit.ts'

/** Shows which code runs here, and how much memory it may use. */
export default fp<Pick<Config['process'], 'version'>>(async function showProcess (app, { version }) {
  const { gauge, gauges } = app.metrics

  gauges('latchkey_build_info', 'The version of this code; always 1.', 'version', () => [[version, 1]])
  gauge('latchkey_memory_limit_bytes', 'Memory that this process may use: of its container, or of the machine.', () => {
    return memoryLimitBytes()
  })
  gauge('latchkey_heap_limit_bytes', 'Memory that the objects of JavaScript may use.', heapLimitBytes)
}, { name: 'process-figures' })
