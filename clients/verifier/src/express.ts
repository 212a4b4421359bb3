import { answerOf, bearerOf } from './answers.ts'
import type { Demands, Principal } from './judge.ts'
import { isRefusal } from './verifier.ts'
import type { Verifier } from './verifier.ts'

interface Request { headers: { authorization?: string | undefined }, principal?: Principal }
interface Response {
  status (status: number): unknown
  set (headers: Record<string, string>): unknown
  end (body: string): unknown
}

declare global {
  namespace Express {
    /** Express merges this into its own type. Where the handler has not run, there is no `principal`. */
    interface Request { principal: Principal }
  }
}

/** A handler for Express: `request.principal` is the user, and a request without a valid token is answered. */
export function latchkeyExpress ({ verifier, ...demands }: { verifier: Pick<Verifier, 'verify'> } & Demands) {
  return async function requireSession (request: Request, response: Response, next: (error?: unknown) => void) {
    try {
      request.principal = await verifier.verify(bearerOf(request.headers.authorization), demands)
    } catch (error) {
      if (!isRefusal(error)) return next(error)
      const { status, headers, body } = answerOf(error)
      response.status(status)
      response.set(headers)
      response.end(body)
      return
    }
    next()
  }
}
