import fp from 'fastify-plugin'
import type { Clock } from './lib/clock.ts'
import type { Config } from './lib/config/config.ts'
import type { Hasher } from './lib/passwords/passwords.ts'
import accounts from './plugins/accounts.ts'
import administrators from './plugins/administrators.ts'
import approvals from './plugins/approvals.ts'
import audit from './plugins/audit.ts'
import auditSealSchedule from './plugins/audit-seal-schedule.ts'
import auditSeals from './plugins/audit-seals.ts'
import auditTrail from './plugins/audit-trail.ts'
import authentication from './plugins/authentication.ts'
import bearerToken from './plugins/bearer-token.ts'
import breachedPasswords from './plugins/breached-passwords.ts'
import cache from './plugins/cache.ts'
import changeFeed from './plugins/change-feed.ts'
import cleanUp from './plugins/clean-up.ts'
import cleanUpSchedule from './plugins/clean-up-schedule.ts'
import client from './plugins/client.ts'
import cors from './plugins/cors.ts'
import csrf from './plugins/csrf.ts'
import denials from './plugins/denials.ts'
import deviceTokens from './plugins/device-tokens.ts'
import docs from './plugins/docs.ts'
import errors from './plugins/errors.ts'
import form from './plugins/form.ts'
import gauges from './plugins/gauges.ts'
import grants from './plugins/grants.ts'
import handOver from './plugins/hand-over.ts'
import hashThreads from './plugins/hash-threads.ts'
import hasher from './plugins/hasher.ts'
import headers from './plugins/headers.ts'
import health from './plugins/health.ts'
import host from './plugins/host.ts'
import httpMetrics from './plugins/http-metrics.ts'
import https from './plugins/https.ts'
import introspection from './plugins/introspection.ts'
import jobs from './plugins/jobs.ts'
import json from './plugins/json.ts'
import keyring from './plugins/keyring.ts'
import lockout from './plugins/lockout.ts'
import mailJobs from './plugins/mail-jobs.ts'
import mailer from './plugins/mailer.ts'
import methods from './plugins/methods.ts'
import metrics from './plugins/metrics.ts'
import metricsPort from './plugins/metrics-port.ts'
import oneTimeTokens from './plugins/one-time-tokens.ts'
import operations from './plugins/operations.ts'
import passwordChecks from './plugins/password-checks.ts'
import passwordPolicy from './plugins/password-policy.ts'
import passwords from './plugins/passwords.ts'
import postgres from './plugins/postgres.ts'
import principal from './plugins/principal.ts'
import probes from './plugins/probes.ts'
import proveSession from './plugins/prove-session.ts'
import rateLimits from './plugins/rate-limits.ts'
import redis from './plugins/redis.ts'
import refreshToken from './plugins/refresh-token.ts'
import requirePermission from './plugins/require-permission.ts'
import requireRecentSignIn from './plugins/require-recent-sign-in.ts'
import requireRefreshToken from './plugins/require-refresh-token.ts'
import requestLimits from './plugins/request-limits.ts'
import requireService from './plugins/require-service.ts'
import requireSession from './plugins/require-session.ts'
import revocations from './plugins/revocations.ts'
import roleAdministration from './plugins/role-administration.ts'
import roles from './plugins/roles.ts'
import schema from './plugins/schema.ts'
import secrets from './plugins/secrets.ts'
import services from './plugins/services.ts'
import sessions from './plugins/sessions.ts'
import sightings from './plugins/sightings.ts'
import signingKeys from './plugins/signing-keys.ts'
import statistics from './plugins/statistics.ts'
import statisticsSchedule from './plugins/statistics-schedule.ts'
import tokenCookies from './plugins/token-cookies.ts'
import tokens from './plugins/tokens.ts'
import userAdministration from './plugins/user-administration.ts'
import userDirectory from './plugins/user-directory.ts'
import userTransfers from './plugins/user-transfers.ts'
import users from './plugins/users.ts'
import vendors from './plugins/vendors.ts'
import wakeUps from './plugins/wake-ups.ts'
import adminRoutes from './routes/admin/index.ts'
import authRoutes from './routes/auth/index.ts'
import healthRoutes from './routes/health/index.ts'
import metricsRoute from './routes/metrics.ts'
import oauthRoutes from './routes/oauth/index.ts'
import roleRoutes from './routes/roles/index.ts'
import userRoutes from './routes/users/index.ts'
import vendorRoutes from './routes/vendors/index.ts'
import wellKnownRoutes from './routes/well-known/index.ts'

export interface LatchkeyOptions {
  config: Config
  clock: Clock
  /** Whether this process does the deployment's jobs; the commands do not. */
  workers?: boolean
  /** Instead of argon2id's binding: tests hand in one that counts or costs less. */
  hasher?: Hasher | undefined
}

/** The whole of Latchkey: its plugins in order, its routes under their prefixes. */
export default fp<LatchkeyOptions>(async function latchkey (app, { config, clock, workers = true, hasher: handedIn }) {
  // What every request meets
  await app.register(metrics)
  await app.register(httpMetrics)
  await app.register(errors)
  await app.register(headers)
  await app.register(host)
  await app.register(https, config.http)
  await app.register(cors, config.browser)
  await app.register(methods)
  await app.register(json)
  await app.register(form)
  await app.register(client)
  await app.register(bearerToken)
  await app.register(tokenCookies, config.browser)
  await app.register(csrf, { ...config.browser, ...config.http })
  await app.register(refreshToken)
  await app.register(handOver)
  await app.register(operations, config.operations)
  await app.register(health, { ...config.operations, clock })
  await app.register(docs, { ...config.operations, ...config.http, ...config.process })

  // Stores
  await app.register(postgres, config.postgres)
  await app.register(schema)
  await app.register(redis, config.redis)
  await app.register(cache)

  // Mechanisms
  await app.register(secrets, config.secrets)
  await app.register(audit)
  await app.register(statistics, { clock })
  await app.register(auditSeals, { ...config.audit, clock })
  if (workers) await app.register(auditSealSchedule)
  await app.register(jobs)
  if (workers) await app.register(statisticsSchedule)
  await app.register(oneTimeTokens, { ...config.tokens, clock })
  await app.register(mailer, { ...config.mail, ...config.process })
  if (workers) await app.register(mailJobs, { ...config.mail, clock })
  await app.register(hashThreads, config.passwords)
  await app.register(hasher, { hasher: handedIn })
  await app.register(passwords, { ...config.passwords, clock })
  await app.register(rateLimits, { ...config.rateLimits, clock })
  await app.register(lockout, { ...config.lockout, clock })
  await app.register(passwordChecks, { clock })
  await app.register(breachedPasswords, { ...config.breachedPasswords, clock })
  await app.register(passwordPolicy, config.passwords)
  await app.register(keyring, { ...config.keyring, clock })
  await app.register(tokens, { ...config.tokens, clock })
  await app.register(roles, { clock })
  await app.register(revocations, { clock })
  await app.register(changeFeed, { clock })
  await app.register(wakeUps)
  await app.register(deviceTokens, config.tokens)
  await app.register(sightings)
  await app.register(sessions, { ...config.sessions, rateLimits: config.rateLimits, clock })
  await app.register(grants, { ...config.sessions, clock })
  await app.register(cleanUp, { ...config.cleanUp, clock })
  if (workers) await app.register(cleanUpSchedule, config.cleanUp)
  await app.register(probes)
  await app.register(gauges, config.postgres)

  // Use cases and guards
  await app.register(approvals)
  await app.register(accounts, { ...config.accounts, clock })
  await app.register(users, { clock })
  await app.register(userDirectory)
  await app.register(userAdministration, { clock })
  await app.register(roleAdministration)
  await app.register(vendors)
  await app.register(administrators, { clock })
  await app.register(userTransfers, { ...config.accounts, clock })
  await app.register(auditTrail)
  await app.register(signingKeys)
  await app.register(authentication)
  await app.register(principal)
  await app.register(proveSession)
  await app.register(requireSession)
  await app.register(requirePermission)
  await app.register(requireRecentSignIn, { clock })
  await app.register(requireRefreshToken)
  await app.register(services, { ...config.rateLimits, clock })
  await app.register(introspection)
  await app.register(requireService)
  await app.register(requestLimits, { ...config.rateLimits, clock })
  await app.register(denials)

  // Routes
  await app.register(authRoutes, { prefix: `${config.http.apiPrefix}/auth` })
  await app.register(oauthRoutes, { prefix: `${config.http.apiPrefix}/auth` })
  await app.register(userRoutes, { prefix: `${config.http.apiPrefix}/users` })
  await app.register(roleRoutes, { prefix: `${config.http.apiPrefix}/roles` })
  await app.register(vendorRoutes, { prefix: `${config.http.apiPrefix}/vendors` })
  await app.register(adminRoutes, { prefix: `${config.http.apiPrefix}/admin` })
  await app.register(healthRoutes, { prefix: '/health', ...config.process, ...config.postgres })
  await app.register(wellKnownRoutes, { prefix: '/.well-known', ...config.wellKnown })
  await app.register(metricsRoute)
  await app.register(metricsPort, { ...config.operations, ...config.process })
}, { name: 'latchkey' })
