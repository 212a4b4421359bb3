import createClient from 'openapi-fetch'
import type {
  Confirmed,
  CookieSession,
  KeySet,
  operations,
  paths,
  PendingRegistration,
  Problem,
  Registered,
  SessionList,
  Tokens,
  UserAnswer
} from './schema.d.ts'

export type { Problem, Session, SessionList, Tokens, User } from './schema.d.ts'
export type Latchkey = ReturnType<typeof createLatchkey>

export interface LatchkeyOptions {
  /** Where the deployment is: `https://auth.example.com`. */
  baseUrl: string
  /** The deployment's API_PREFIX, if it is not `/api/v1`. */
  apiPrefix?: string
  /** Returns the current access token, if there is one; called for each request. */
  accessToken?: () => string | undefined
  /** Takes the place of the platform's own `fetch`. */
  fetch?: (request: Request) => Promise<Response>
}

/**
 * Latchkey's API as functions, with bearer tokens. Nothing is stored or retried here.
 *
 * Each function returns the answer of the server.
 * @throws LatchkeyError when the server refuses, and the error of `fetch` when the network fails
 */
export function createLatchkey ({ baseUrl, apiPrefix = '/api/v1', accessToken, fetch }: LatchkeyOptions) {
  const api = createClient<paths>({
    baseUrl,
    Request: requestsUnder(`${baseUrl.replace(/\/$/, '')}/api/v1/`, apiPrefix),
    ...(fetch && { fetch })
  })

  api.use({
    onRequest ({ request }) {
      const token = accessToken?.()
      if (token !== undefined) request.headers.set('authorization', `Bearer ${token}`)
    }
  })

  return {
    async register (body: Body<'register'>): Promise<PendingRegistration | Registered> {
      return await answered(api.POST('/api/v1/auth/register', { body }))
    },
    async verifyEmail (body: Body<'verifyEmail'>): Promise<Confirmed> {
      return await answered(api.POST('/api/v1/auth/verify-email', { body }))
    },
    async resendCode (body: Body<'resendCode'>): Promise<void> {
      await accepted(api.POST('/api/v1/auth/verify-email/resend', { body }))
    },
    async login (body: Omit<Body<'login'>, 'transport'>): Promise<Tokens> {
      return await granted(api.POST('/api/v1/auth/login', { body }))
    },
    async refresh (body: Body<'refresh'>): Promise<Tokens> {
      return await granted(api.POST('/api/v1/auth/refresh', { body }))
    },
    async reauthenticate (body: Body<'reauthenticate'>): Promise<Tokens> {
      return await granted(api.POST('/api/v1/auth/reauthenticate', { body }))
    },
    async logout (body?: Body<'logout'>): Promise<void> {
      await accepted(api.POST('/api/v1/auth/logout', { ...(body && { body }) }))
    },
    async check () {
      return identityOf(await accepted(api.GET('/api/v1/auth/check')))
    },
    async getMe (): Promise<UserAnswer> {
      return await answered(api.GET('/api/v1/auth/me'))
    },
    async updateMe (body: Body<'updateMe'>): Promise<UserAnswer> {
      return await answered(api.PATCH('/api/v1/auth/me', { body }))
    },
    async listSessions (): Promise<SessionList> {
      return await answered(api.GET('/api/v1/auth/sessions'))
    },
    async endSession (id: string): Promise<void> {
      await accepted(api.DELETE('/api/v1/auth/sessions/{id}', { params: { path: { id } } }))
    },
    async getJwks (): Promise<KeySet> {
      return await answered(api.GET('/.well-known/jwks.json'))
    }
  }
}

/** A refusal, or an answer that is not Latchkey's (a proxy's, for example), which has no `problem` and no `code`. */
export class LatchkeyError extends Error {
  override readonly name = 'LatchkeyError'
  readonly status: number
  readonly problem: Problem | undefined
  /** Seconds after which to try again. */
  readonly retryAfter: number | undefined

  constructor (response: Response, problem: Problem | undefined) {
    super(problem?.detail ?? `The server answered ${response.status}.`)
    this.status = response.status
    this.problem = problem
    this.retryAfter = Number(response.headers.get('retry-after')) || undefined
  }

  /** The stable name of the refusal. */
  get code () { return this.problem?.code }

  /** Why the session has ended, with `session_ended`. */
  get reason () { return this.problem?.reason }
}

interface JsonBody<Fields> { requestBody?: { content: { 'application/json': Fields } } }
type Body<Id extends keyof operations> = operations[Id] extends JsonBody<infer Fields> ? Fields : never

/** Requests whose paths have this deployment's prefix in place of the default one, which the schema has. */
function requestsUnder (root: string, apiPrefix: string): typeof Request {
  const target = root.replace(/\/api\/v1\/$/, `${apiPrefix}/`)

  return class extends Request {
    constructor (...[input, init]: ConstructorParameters<typeof Request>) {
      super(typeof input === 'string' && input.startsWith(root) ? target + input.slice(root.length) : input, init)
    }
  }
}

type Answer<Data> = Promise<{ data?: Data, error?: unknown, response: Response }>

async function accepted (call: Answer<unknown>): Promise<Response> {
  const { error, response } = await call
  if (!response.ok) throw new LatchkeyError(response, isProblem(error) ? error : undefined)
  return response
}

async function answered<Data> (call: Answer<Data>): Promise<Data> {
  const response = await accepted(call)
  const { data } = await call
  if (data === undefined) throw new LatchkeyError(response, undefined)
  return data
}

/** The tokens of an answer. This client never asks for cookies, so the server never answers with a cookie session. */
async function granted (call: Answer<Tokens | CookieSession>): Promise<Tokens> {
  const session = await answered(call)
  if (!('access_token' in session)) throw new LatchkeyError((await call).response, undefined)
  return session
}

function isProblem (error: unknown): error is Problem {
  return typeof error === 'object' && error !== null && 'code' in error && 'request_id' in error
}

function identityOf ({ headers }: Response) {
  return {
    userId: headers.get('x-auth-user'),
    role: headers.get('x-auth-role'),
    sessionId: headers.get('x-auth-session')
  }
}
