import { Unintelligible, Unreachable } from './errors.ts'
import { hasId, isRecord } from './kept.ts'
import type { Problem, TokenResponse, User } from './types.ts'

/**
 * The JSON of an answer, or undefined if it has no body.
 *
 * @throws Unintelligible when it is no JSON, and Unreachable when it breaks off
 */
export async function read (response: Response): Promise<unknown> {
  const text = await response.text().catch(cause => { throw new Unreachable(cause) })
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    throw unintelligible(response)
  }
}

export const unintelligible = (response: Response) => new Unintelligible(response.status, retryAfter(response))

/** Seconds after which to try again, if the answer says so. */
export const retryAfter = ({ headers }: Response) => Number(headers.get('retry-after')) || undefined

/** The refusal of an answer that may still be read by somebody else. */
export async function problemOf (response: Response): Promise<Problem | undefined> {
  const answer = await read(response.clone()).catch(() => undefined)
  return isProblem(answer) ? answer : undefined
}

export function isProblem (answer: unknown): answer is Problem {
  return isRecord(answer) && typeof answer['code'] === 'string' && 'request_id' in answer
}

export function isTokenResponse (answer: unknown): answer is TokenResponse {
  return isRecord(answer) && isRecord(answer['session']) && 'expires_in' in answer && isUser(answer['user'])
}

export function isUser (value: unknown): value is User {
  return hasId(value)
}
