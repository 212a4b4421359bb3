// The parts of the compared packages that their servers use. The packages are installed by the bench alone, so the
// compiler does not see their own types.
declare module 'better-auth' {
  import type { Pool } from 'pg'

  export interface BetterAuthOptions {
    baseURL: string
    secret: string
    database: Pool
    emailAndPassword: { enabled: true, password?: PasswordHasher }
    rateLimit: { enabled: boolean }
    session?: { cookieCache: { enabled: boolean, maxAge: number } }
    advanced?: { database: { joins: boolean } }
  }

  export interface PasswordHasher {
    hash: (password: string) => Promise<string>
    verify: (given: { hash: string, password: string }) => Promise<boolean>
  }

  interface Credential { userId: string, accountId: string, providerId: 'credential', password: string }

  export interface Auth {
    handler: (request: Request) => Promise<Response>
    $context: Promise<{
      password: PasswordHasher
      internalAdapter: {
        createUser (user: { email: string, name: string, emailVerified: boolean }): Promise<{ id: string }>
        linkAccount (account: Credential): Promise<unknown>
      }
    }>
  }

  export function betterAuth (options: BetterAuthOptions): Auth
}

declare module 'better-auth/node' {
  import type { RequestListener } from 'node:http'
  import type { Auth } from 'better-auth'

  export function toNodeHandler (auth: Auth): RequestListener
}

declare module 'better-auth/db/migration' {
  import type { BetterAuthOptions } from 'better-auth'

  export function getMigrations (options: BetterAuthOptions): Promise<{ runMigrations (): Promise<void> }>
}

declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http'

  export interface Adapter {
    upsert (id: string, payload: object, expiresIn?: number): Promise<void>
    find (id: string): Promise<object | undefined>
    findByUid (uid: string): Promise<object | undefined>
    findByUserCode (userCode: string): Promise<object | undefined>
    consume (id: string): Promise<void>
    destroy (id: string): Promise<void>
    revokeByGrantId (grantId: string): Promise<void>
  }

  interface Granted { accountId: string, client: object, grantId: string, scope: string, gty: string }
  type TokenClass = new (granted: Granted) => { save (): Promise<string> }

  export default class Provider {
    constructor (issuer: string, configuration: object)
    callback (): RequestListener

    Client: { find (id: string): Promise<object> }
    Grant: new (of: { accountId: string, clientId: string }) => {
      addOIDCScope (scope: string): void
      save (): Promise<string>
    }

    AccessToken: TokenClass
    RefreshToken: TokenClass
  }
}
