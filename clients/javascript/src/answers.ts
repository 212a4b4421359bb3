import { refusal, unintelligible, unreachable } from './errors.ts'
import type { Due } from './proving.ts'
import type { OperationId, Problem, TokenResponse, User } from './types.ts'

/** What an answer of Latchkey holds: an object or nothing, or why it refuses. */
export interface Answer { body?: Record<string, unknown> | undefined, problem?: Problem }

/** A token response; with cookies it holds no tokens. */
export interface Grant extends Pick<TokenResponse, 'user' | 'session' | 'expires_in'> {
  access_token?: string
  refresh_token?: string
  device_token?: string
  recovery_codes?: string[]
  passkey?: object
}

/** @throws Unintelligible when something else has answered, and Unreachable when the answer breaks off */
export async function read (response: Response): Promise<Answer> {
  const body = await jsonOf(response)
  if (!response.ok && isProblem(body)) return { problem: body }
  if (response.ok && isRecord(body)) return { body }
  if (response.ok && body === undefined && response.status > 201) return {}
  throw unintelligible(response)
}

/**
 * What an operation answers.
 *
 * @throws Refusal, and what `read` throws
 */
export async function accept (operation: OperationId, response: Response): Promise<Answer['body']> {
  const { body, problem } = await read(response)
  if (problem) throw refusal(operation, problem, response)
  return body
}

/** The refusal of an answer that may still be read by somebody else. */
export async function problemOf (response: Response): Promise<Problem | undefined> {
  const { problem } = await read(response.clone()).catch((): Answer => ({}))
  return problem
}

/**
 * The recent sign-in that an answer asks for (RFC 9470). A service that knows nothing of Latchkey's problems asks in
 * its challenge. The problem comes first, because a page can read the challenge only where the service exposes it.
 */
export async function stepUpOf (answer: Response): Promise<Due | undefined> {
  if (answer.status !== 401) return undefined
  const problem = await problemOf(answer)
  const challenge = answer.headers.get('www-authenticate') ?? ''
  const asked = (name: string) => new RegExp(`\\b${name}="?([^",]*)`).exec(challenge)?.[1]

  const code = problem?.code ?? asked('error') ?? ''
  if (!/^(reauthentication_required|insufficient_user_authentication)$/.test(code)) return undefined
  const maxAge = problem?.max_age ?? asked('max_age')
  return { maxAge: maxAge === undefined ? maxAge : Number(maxAge), acrValues: problem?.acr_values ?? asked('acr_values') }
}

export function isGrant (body: unknown): body is Grant {
  const { user, session } = Object(body)
  return isUser(user) && isUser(session)
}

export const isUser = (value: unknown): value is User => typeof Object(value).id === 'string'

function isProblem (body: unknown): body is Problem {
  const { code, request_id: requestId } = Object(body)
  return typeof code === 'string' && requestId !== undefined
}

const isRecord = (value: unknown): value is Record<string, unknown> => Object(value) === value

/** The JSON of an answer; undefined if there is none. */
async function jsonOf (response: Response): Promise<unknown> {
  const text = await response.text().catch(cause => { throw unreachable(cause) })
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    throw unintelligible(response)
  }
}
