// A measured process: oidc-provider on Node's own server, with its models in Postgres, a key for ES256 in place of the
// RSA key that it has for development, and one public client, whose refresh tokens it rotates at each use.
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import Provider from 'oidc-provider'
import pg from 'pg'
import { answerTasks, portOf } from '../processes/tasks.ts'
import { createOidcStore } from './oidc-store.ts'

const clientId = 'app'
const scope = 'openid offline_access'
const server = createServer().listen(0, '127.0.0.1')
await once(server, 'listening')
const address = server.address()
const port = address === null ? undefined : portOf([address])
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

const provider = new Provider(`http://127.0.0.1:${port}`, {
  adapter: await createOidcStore(new pg.Pool({ connectionString: process.env['DATABASE_URL'] ?? '' })),
  clients: [{
    client_id: clientId,
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    redirect_uris: ['https://app.example.com/callback'],
    id_token_signed_response_alg: 'ES256'
  }],
  cookies: { keys: [randomBytes(32).toString('base64')] },
  features: { devInteractions: { enabled: false } },
  findAccount: async (_context: unknown, id: string) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'one' }] }
})
server.on('request', provider.callback())

answerTasks({ port: () => port, grant }, async () => { server.close() })

/** Tokens of users who have each signed in to the client once, as the end of the authorization code flow saves them. */
async function grant ({ count }: { count: number }) {
  const client = await provider.Client.find(clientId)
  return await Promise.all(Array.from({ length: count }, async () => {
    const accountId = randomUUID()
    const grant = new provider.Grant({ accountId, clientId })
    grant.addOIDCScope(scope)
    const granted = { accountId, client, grantId: await grant.save(), scope, gty: 'authorization_code' }
    return {
      accessToken: await new provider.AccessToken(granted).save(),
      refreshToken: await new provider.RefreshToken(granted).save()
    }
  }))
}
