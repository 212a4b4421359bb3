import fp from 'fastify-plugin'
import access from './plugins/access/index.ts'
import accounts from './plugins/accounts/index.ts'
import administration from './plugins/administration/index.ts'
import audit from './plugins/audit/index.ts'
import changes from './plugins/changes/index.ts'
import factors from './plugins/factors/index.ts'
import guards from './plugins/guards/index.ts'
import http from './plugins/http/index.ts'
import jobs from './plugins/jobs/index.ts'
import keys from './plugins/keys/index.ts'
import mail from './plugins/mail/index.ts'
import monitoring from './plugins/monitoring/index.ts'
import oauth from './plugins/oauth/index.ts'
import operations from './plugins/operations/index.ts'
import organisations from './plugins/organisations/index.ts'
import passwords from './plugins/passwords/index.ts'
import sessions from './plugins/sessions/index.ts'
import stores from './plugins/stores/index.ts'
import throttling from './plugins/throttling/index.ts'
import tokens from './plugins/tokens/index.ts'
import transfers from './plugins/transfers/index.ts'
import webauthn from './plugins/webauthn/index.ts'
import type { FeatureOptions } from './plugins/feature.ts'
import routes from './routes/index.ts'

export interface LatchkeyOptions extends Omit<FeatureOptions, 'workers'>, Partial<Pick<FeatureOptions, 'workers'>> {
  /** Whether requests are answered. A command does without: compiling the schemas is most of a start. */
  answers?: boolean
}

/** The features in their order: each depends only on features before it. */
const features = [
  monitoring, http, stores, jobs, changes, audit, keys, passwords, throttling, tokens, mail,
  access, sessions, webauthn, factors, accounts, administration, organisations, transfers, oauth, guards, operations
]

/** The whole of Latchkey: every feature, then the routes. */
export default fp<LatchkeyOptions>(async function latchkey (app, { workers = true, answers = true, ...given }) {
  for (const feature of features) await app.register(feature, { ...given, workers })
  if (answers) await app.register(routes, given)
}, { name: 'latchkey' })
