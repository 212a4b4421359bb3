import { unavailable } from '../errors.ts'
import { schemaProblem } from './compatibility.ts'
import type { SchemaState } from './compatibility.ts'

export type SchemaWatch = ReturnType<typeof createSchemaWatch>

export interface SchemaWatchParts {
  /** Reads the state of the database's schema. */
  read: () => Promise<SchemaState>
  /** The version of the schema that this code was written for. */
  expected: number
  /** Called when the schema stops serving this code, with the reason, and with null when it serves it again. */
  report: (problem: string | null) => void
}

/**
 * Knows whether the schema still serves this code, because migrations run while nodes do. What was read last counts:
 * whether Postgres answers is for others to judge.
 */
export function createSchemaWatch ({ read, expected, report }: SchemaWatchParts) {
  let problem: string | null = null
  return { look, assertServes }

  /** Reads the state anew. Changes nothing if that fails. */
  async function look (): Promise<void> {
    const state = await read().catch(() => null)
    if (state === null) return

    const found = schemaProblem(state, expected)
    if ((found === null) !== (problem === null)) report(found)
    problem = found
  }

  /** @throws Refusal `unavailable` while the schema does not serve this code */
  function assertServes (): void {
    if (problem !== null) throw unavailable(new Error(problem))
  }
}
