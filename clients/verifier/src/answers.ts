import { randomUUID } from 'node:crypto'
import { Refusal } from '../../../lib/errors.ts'
import { problemHeaders, renderProblem } from '../../../lib/http/problem.ts'

/** An answer to a request that was refused. */
export interface RefusedAnswer { status: number, headers: Record<string, string>, body: string }

/** The answer that Latchkey itself would give (RFC 9457, RFC 6750), so that its clients understand it. */
export function answerOf (refusal: Refusal): RefusedAnswer {
  const id = randomUUID()
  return {
    status: refusal.status,
    headers: { ...problemHeaders(refusal), 'cache-control': 'no-store', 'x-request-id': id },
    body: JSON.stringify(renderProblem(refusal, id))
  }
}

/**
 * The token of an `Authorization: Bearer` header (RFC 6750).
 * @throws Refusal `unauthenticated` without one
 */
export function bearerOf (authorization: string | undefined): string {
  const token = /^Bearer +([^ ]+)$/i.exec(authorization ?? '')?.[1]
  if (token === undefined) throw new Refusal('unauthenticated')
  return token
}
