import fp from 'fastify-plugin'

/** Tells the plugin of the cookies when each was issued, so that it can choose between several of one name. */
export default fp(async function dateCookies (app) {
  const { tokens, deviceTokens, pendingLogins, sessions } = app

  app.dateCookies({
    access (value) {
      const token = tokens.readExpired(value)
      return token && token.claims.iat * 1000
    },
    refresh: value => sessions.read(value)?.issuedAt ?? null,
    mfa: value => pendingLogins.issuedAt(value),
    device: value => deviceTokens.read(value) === null ? null : 0
  })
}, { name: 'cookie-times', dependencies: ['http', 'tokens', 'sessions'] })
