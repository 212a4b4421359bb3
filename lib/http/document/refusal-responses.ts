import { refusalCodes } from '../../errors.ts'
import type { RefusalCode } from '../../errors.ts'
import { codesByStatus } from '../refusal-lists.ts'

const meanings: { [status: number]: string } = {
  400: 'The request cannot be read.',
  401: 'Not signed in, or not any more.',
  403: 'Not allowed.',
  404: 'Not there, or not yours.',
  409: 'In the way of something else.',
  412: 'Changed by somebody else meanwhile.',
  413: 'The body is too large.',
  414: 'A parameter of the path is too long.',
  415: 'The body is not application/json.',
  422: 'Not valid.',
  429: 'Too often. Nobody is signed out by it.',
  500: 'A fault of the server.',
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
      description: 'What is left of the rate limit and in how many seconds there is more; it says nothing about a lockout.'
    },
    'RateLimit-Policy': {
      type: 'string',
      examples: ['"login";q=10;w=900'],
      description: 'The rate limit: how many, in how many seconds.'
    }
  },
  503: retryAfter
}

/** The status of a path whose parameter is too long. The router refuses it before there is a route. */
const pathTooLong = 414

/** What is read of a route's schema. */
interface Described { refusals?: readonly RefusalCode[], params?: unknown }

/**
 * The responses of a route for its refusals, by status. The schema of each names the codes that the route answers with
 * that status.
 */
export function refusalResponses ({ refusals = [], params }: Described): Record<number, object> {
  const statuses = codesByStatus(refusalCodes.filter(code => refusals.includes(code)))
  if (params !== undefined) statuses.set(pathTooLong, ['malformed_request'])

  return Object.fromEntries([...statuses].map(([status, codes]) => [status, describe(status, codes)]))
}

function describe (status: number, codes: RefusalCode[]) {
  const narrowed = { type: 'object', required: ['code'], properties: { code: { type: 'string', enum: codes } } }
  return {
    description: meanings[status],
    ...(headers[status] && { headers: headers[status] }),
    content: { 'application/problem+json': { schema: { allOf: [{ $ref: 'Problem#' }, narrowed] } } }
  }
}
