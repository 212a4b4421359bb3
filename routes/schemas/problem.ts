import { Type } from '@sinclair/typebox'
import type { TUnsafe } from '@sinclair/typebox'

const meanings = {
  400: 'The request cannot be read.',
  401: 'Not signed in, or not any more.',
  403: 'Not allowed.',
  404: 'Not there, or not yours.',
  409: 'In the way of something else.',
  413: 'The body is too large.',
  415: 'The body is not application/json.',
  422: 'Not valid.',
  429: 'Too often.',
  503: 'A store does not answer, or too busy.'
}

/**
 * The refusals of a route for its `response`: `{ 200: …, ...problems(401, 422) }`. They are thrown, not
 * returned, so they add nothing to the type of what the handler returns.
 */
export function problems<S extends keyof typeof meanings> (...statuses: S[]): Partial<Record<S, TUnsafe<never>>> {
  const answers: Partial<Record<S, TUnsafe<never>>> = {}

  for (const status of statuses) {
    answers[status] = Type.Unsafe<never>({
      description: meanings[status],
      content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } }
    })
  }
  return answers
}
