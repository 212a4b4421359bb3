import { endReasons, refusalCodes } from '../../errors.ts'
import { codesByStatus } from '../refusal-lists.ts'

/** The OpenAPI document without its routes: how to sign in, the form of refusals, the groups of routes. */
export function describeApi (version: string) {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Latchkey',
      version,
      summary: 'Sign-in, sessions and user administration.',
      description: introduction,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' }
    },
    // The document describes the deployment that serves it.
    servers: [{ url: '/', description: 'This deployment' }],
    tags: [
      { name: 'Sign-up', description: 'From an address to an account.' },
      { name: 'Session', description: 'Sign in, stay signed in, sign out.' },
      { name: 'Password', description: 'Forgotten, reset, changed.' },
      { name: 'Second factors', description: 'What one has beside the password.' },
      { name: 'Profile', description: 'One’s own account.' },
      {
        name: 'Users',
        description: 'Other people’s accounts, for those with the permission, and upon those whose rank is below one’s own. Upon oneself there is *Profile*.'
      },
      { name: 'Administration', description: 'What concerns the whole deployment.' },
      {
        name: 'Services',
        description: 'What services ask about the tokens that they are sent, by HTTP Basic with the credentials of `create-service`. Forms, and errors as in RFC 6749.'
      },
      { name: 'Well-known', description: 'For services that verify tokens themselves, and for password managers.' },
      { name: 'Health', description: 'For load balancers, and for people with `stats:read` or the operations token.' },
      { name: 'Operations', description: 'For those who run it.' }
    ],
    security: [{ bearer: [] }, { cookie: [] }],
    components: {
      securitySchemes: {
        bearer: {
          type: 'http' as const,
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'The `access_token` of login or refresh.'
        },
        cookie: {
          type: 'apiKey' as const,
          in: 'cookie',
          name: '__Host-access',
          description: 'Set by a login with `transport: cookie`.'
        },
        operations: { type: 'http' as const, scheme: 'bearer', description: 'The `OPERATIONS_TOKEN` of the settings.' },
        service: { type: 'http' as const, scheme: 'basic', description: 'The id and the secret of `create-service`.' }
      }
    }
  }
}

const introduction = `
### How to sign in
1. \`POST /auth/register\`, then \`POST /auth/verify-email\` with the six digits from the mail: now there is an account.
2. \`POST /auth/login\` answers an access token and a refresh token.
3. Send the access token as \`Authorization: Bearer …\`. On this page: **Authorize**, under *bearer*.
4. When it is about to expire (\`expires_in\`), or on 401 \`invalid_token\`: \`POST /auth/refresh\`, and keep both new tokens.
   A lost answer may be asked for again.
5. On 401 \`session_ended\`: sign in again; \`reason\` says why. 429 and 503 never mean signed out: wait \`Retry-After\` seconds.

Apps and services get their tokens in JSON (\`"transport": "bearer"\`). A browser signs in with \`"transport": "cookie"\`: the
tokens are httpOnly cookies, sent with \`credentials: 'include'\`, and refresh and logout need no body. Unsafe requests by cookie must
come from the API's own origin or one of \`ALLOWED_ORIGINS\`, else 403 \`csrf\`. A session of one transport is refused over the other.

### Requests
JSON in UTF-8, \`application/json\`, 32 KiB at most; times in RFC 3339 UTC, ids are UUIDs. Unknown fields, wrong types and
duplicate keys are refused, never coerced or dropped. A trailing slash is ignored. Every answer has an \`X-Request-Id\`.

### Refusals
RFC 9457, \`application/problem+json\`. \`code\` is the stable contract, \`detail\` is for people, \`errors\` names the fields.

| status | codes |
|---|---|
${[...codesByStatus(refusalCodes)].map(([status, codes]) => `| ${status} | ${codes.map(quote).join(', ')} |`).join('\n')}

Reasons of \`session_ended\`: ${endReasons.map(quote).join(', ')}.
`.trim()

function quote (name: string) {
  return `\`${name}\``
}
