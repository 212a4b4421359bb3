import createClient from 'openapi-fetch'
import type { CookieSession, operations, paths, Problem, Tokens, UserAnswer, SessionList, Confirmed, KeySet, PendingRegistration, Registered } from './schema.d.ts'

export type { Problem, Session, SessionList, Tokens, User } from './schema.d.ts'
export type Latchkey = ReturnType<typeof createLatchkey>

export interface LatchkeyOptions {
  /** Where the deployment is: `https://auth.example.com`. */
  baseUrl: string
  /** The deployment's API_PREFIX, if it is not `/api/v1`. */
  apiPrefix?: string
  /** The access token that is held at the moment; asked for each call. */
  accessToken?: () => string | undefined
  /** Instead of the platform's own. */
  fetch?: (request: Request) => Promise<Response>
}

/**
 * Latchkey's API as functions, with bearer tokens. Each call returns what the server answers or throws a
 * {@link LatchkeyError}; a network that fails throws what `fetch` throws. Nothing is stored or retried here.
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
    register: async (body: Body<'register'>): Promise<PendingRegistration | Registered> => await answered(api.POST('/api/v1/auth/register', { body })),
    verifyEmail: async (body: Body<'verifyEmail'>): Promise<Confirmed> => await answered(api.POST('/api/v1/auth/verify-email', { body })),
    resendCode: async (body: Body<'resendCode'>) => { await accepted(api.POST('/api/v1/auth/verify-email/resend', { body })) },
    login: async (body: Omit<Body<'login'>, 'transport'>): Promise<Tokens> => await granted(api.POST('/api/v1/auth/login', { body })),
    refresh: async (body: Body<'refresh'>): Promise<Tokens> => await granted(api.POST('/api/v1/auth/refresh', { body })),
    reauthenticate: async (body: Body<'reauthenticate'>): Promise<Tokens> => await granted(api.POST('/api/v1/auth/reauthenticate', { body })),
    logout: async (body?: Body<'logout'>) => { await accepted(api.POST('/api/v1/auth/logout', { ...(body && { body }) })) },
    check: async () => identityOf(await accepted(api.GET('/api/v1/auth/check'))),
    getMe: async (): Promise<UserAnswer> => await answered(api.GET('/api/v1/auth/me')),
    updateMe: async (body: Body<'updateMe'>): Promise<UserAnswer> => await answered(api.PATCH('/api/v1/auth/me', { body })),
    listSessions: async (): Promise<SessionList> => await answered(api.GET('/api/v1/auth/sessions')),
    endSession: async (id: string) => { await accepted(api.DELETE('/api/v1/auth/sessions/{id}', { params: { path: { id } } })) },
    getJwks: async (): Promise<KeySet> => await answered(api.GET('/.well-known/jwks.json'))
  }
}

/** A refusal, or an answer that is not Latchkey's (a proxy's, say): then without `problem` and `code`. */
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

type Body<Id extends keyof operations> = operations[Id] extends { requestBody?: { content: { 'application/json': infer Fields } } } ? Fields : never

/** The paths of the schema are those of the default prefix; a request goes where this deployment has them. */
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

/** This client never asks for cookies, so it is given tokens. */
async function granted (call: Answer<Tokens | CookieSession>): Promise<Tokens> {
  const grant = await answered(call)
  if (!('access_token' in grant)) throw new LatchkeyError((await call).response, undefined)
  return grant
}

function isProblem (error: unknown): error is Problem {
  return typeof error === 'object' && error !== null && 'code' in error && 'request_id' in error
}

function identityOf ({ headers }: Response) {
  return { userId: headers.get('x-auth-user'), role: headers.get('x-auth-role'), sessionId: headers.get('x-auth-session') }
}
