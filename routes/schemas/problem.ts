import { Type } from '@sinclair/typebox'
import type { TUnsafe } from '@sinclair/typebox'

/** The statuses with which any route that reads a body may refuse: `...problems(...ofBody, 401)`. */
export const ofBody = [400, 413, 415, 422] as const

const meanings = {
  400: 'The request cannot be read.',
  401: 'Not signed in, or not any more.',
  403: 'Not allowed.',
  404: 'Not there, or not yours.',
  409: 'In the way of something else.',
  413: 'The body is too large.',
  414: 'A parameter of the path is too long.',
  415: 'The body is not application/json.',
  422: 'Not valid.',
  429: 'Too often. Nobody is signed out by it.',
  503: 'A store does not answer, or too busy. Nobody is signed out by it.'
}

const retryAfter = {
  'Retry-After': { type: 'integer', minimum: 1, description: 'Seconds to wait before the next try.' }
}
const headers: { [status: number]: object } = {
  401: {
    'WWW-Authenticate': {
      type: 'string',
      examples: ['Bearer error="invalid_token"'],
      description: 'How to sign in (RFC 6750, RFC 9470).'
    }
  },
  429: {
    ...retryAfter,
    RateLimit: {
      type: 'string',
      examples: ['"login";r=0;t=840'],
      description: 'What is left of the rate limit and in how many seconds there is more; it never tells of a lane.'
    },
    'RateLimit-Policy': {
      type: 'string',
      examples: ['"login";q=10;w=900'],
      description: 'The rate limit: how many, in how many seconds.'
    }
  },
  503: retryAfter
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
      ...(headers[status] && { headers: headers[status] }),
      content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } }
    })
  }
  return answers
}
