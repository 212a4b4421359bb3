/** The packages that are compared with Latchkey, and what they need to reach Postgres. They are no dependencies. */
export const peerVersions = { 'better-auth': '1.7.25', 'oidc-provider': '9.13.3', pg: '8.23.1' } as const
