import { answerOf, bearerOf } from './answers.ts'
import type { Demands, Principal } from './judge.ts'
import { isRefusal } from './verifier.ts'
import type { Verifier } from './verifier.ts'

/** The variables of a Hono app behind the handler: `new Hono<LatchkeyEnv>()`. */
export interface LatchkeyEnv { Variables: { principal: Principal } }

interface Context {
  req: { header (name: string): string | undefined }
  set (name: 'principal', principal: Principal): void
}

/** A handler for Hono: `c.get('principal')` is the user, and a request without a valid token is answered. */
export function latchkeyHono ({ verifier, ...demands }: { verifier: Pick<Verifier, 'verify'> } & Demands) {
  return async function requireSession (context: Context, next: () => Promise<void>): Promise<Response | undefined> {
    try {
      context.set('principal', await verifier.verify(bearerOf(context.req.header('authorization')), demands))
    } catch (error) {
      if (!isRefusal(error)) throw error
      const { status, headers, body } = answerOf(error)
      return new Response(body, { status, headers })
    }
    await next()
    return undefined
  }
}
