import type { Tracing } from '../context/tracing.ts'
import type { RedisScripts } from './redis-scripts.ts'

/** The same scripts, whose calls are recorded as parts of what is traced: by name, without keys and arguments. */
export function traceScripts (scripts: RedisScripts, tracing: Tracing): RedisScripts {
  return tracing.isOn ? { ...scripts, script } : scripts

  function script (...names: string[]): ReturnType<RedisScripts['script']> {
    const run = scripts.script(...names)
    const name = names.at(-1) ?? ''
    const start = {
      role: 'client' as const,
      attributes: { 'db.system.name': 'redis', 'db.operation.name': 'evalsha', 'db.stored_procedure.name': name }
    }

    return (keys, values) => tracing.span(`evalsha ${name}`, start, () => run(keys, values))
  }
}
