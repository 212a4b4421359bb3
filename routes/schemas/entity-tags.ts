import { Type } from '@sinclair/typebox'
import type { TSchema } from '@sinclair/typebox'

/** The headers of a change that is made only to what the client has seen. */
export const IfMatch = Type.Object({
  'if-match': Type.Optional(Type.String({
    description: 'The `ETag` of what is changed, as it was read: if it has changed since, the answer is 412 `stale` and nothing changes. Without it the change is made whatever was there.',
    examples: ['"2jmj7l5rSw0y"']
  }))
})

/** The schema of an answer that carries its tag. */
export function tagged<T extends TSchema> (answer: T): T {
  return {
    ...answer,
    headers: { ETag: { type: 'string', description: 'For `If-Match`. It is another one after each change.' } }
  }
}
