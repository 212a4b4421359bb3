import fp from 'fastify-plugin'
import { createAuditPartitionStore } from '../../lib/audit/partition-store.ts'
import { createAuditSealStore } from '../../lib/audit/seal-store.ts'
import { createSealSigner } from '../../lib/audit/signatures.ts'
import { createUnsealedStore } from '../../lib/audit/unsealed-store.ts'
import type { Config } from '../../lib/config/config.ts'
import type { Finding } from '../../lib/config/warnings.ts'
import { createEncryption } from '../../lib/crypto/encryption.ts'
import { purposes } from '../../lib/crypto/purposes.ts'
import { createSecrets } from '../../lib/crypto/secrets.ts'
import { judgeTrail, readTrail } from '../../lib/doctor/audit-trail.ts'
import { createDatabaseStore } from '../../lib/doctor/database-store.ts'
import { isPoolersRefusal, judgeDatabase, poolerTakenForDirect } from '../../lib/doctor/database.ts'
import { judgeDirectUrl } from '../../lib/doctor/direct-url.ts'
import type { Examination } from '../../lib/doctor/examination.ts'
import { judgeJobs } from '../../lib/doctor/jobs.ts'
import { createKnownSessionStore } from '../../lib/doctor/known-session-store.ts'
import { examineMail } from '../../lib/doctor/mail.ts'
import { judgePrefix, judgeRedis, readRedis, sampleSessions } from '../../lib/doctor/redis.ts'
import type { RedisClient } from '../../lib/doctor/redis.ts'
import { judgePasskeys } from '../../lib/doctor/passkeys.ts'
import { judgeSigningKeys } from '../../lib/doctor/signing-keys.ts'
import { judgeFactorPolicies } from '../../lib/doctor/factor-policies.ts'
import { judgeTotpSecrets } from '../../lib/doctor/totp-secrets.ts'
import { createPasskeyStore } from '../../lib/factors/passkey-store.ts'
import { createTotpSecretStore } from '../../lib/factors/totp-secret-store.ts'
import { createJobStore } from '../../lib/jobs/job-store.ts'
import { createKeyAuthenticity } from '../../lib/keys/authenticity.ts'
import { readSigningKeys } from '../../lib/keys/signing-key-store.ts'
import type { Mailer } from '../../lib/mail/mailer.ts'
import type { Database } from '../../lib/stores/database.ts'
import { createFactorPolicyStore } from '../../lib/users/factor-policy-store.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly examinations: readonly Examination[] }
}

export interface ExaminationsOptions {
  config: Config
  /** Each resolves with a connection, or rejects with why there is none. */
  database: () => Promise<Database>
  redis: () => Promise<RedisClient>
  mailer: () => Promise<Pick<Mailer, 'probe'>>
  /** The connection of DATABASE_DIRECT_URL. A server has none, because it must not be the owner of the tables. */
  direct?: () => Promise<Database>
}

/** `app.examinations` look at the stores, at what is in them, and at the mail server. They only read. */
export default fp<ExaminationsOptions>(async function provideExaminations (app, options) {
  const { config, database, redis, mailer, direct } = options
  const secrets = createSecrets(config.secrets.encryptionKeys)
  const { poolMax, prepare, deadline } = config.postgres

  app.decorate('examinations', [
    { area: 'database', look: lookAtDatabase },
    ...(direct === undefined || config.postgres.directUrl === config.postgres.url ? [] : [{ area: 'direct_database', look: () => lookAtDirect(direct) }]),
    { area: 'signing_keys', look: () => whereSchemaFits(lookAtSigningKeys) },
    { area: 'second_factors', look: () => whereSchemaFits(lookAtFactors) },
    { area: 'audit_trail', look: () => whereSchemaFits(lookAtTrail) },
    { area: 'jobs', look: () => whereSchemaFits(lookAtJobs) },
    { area: 'redis', look: async () => judgeRedis(await readRedis(await redis()), Date.now()) },
    { area: 'redis_prefix', look: () => whereSchemaFits(lookAtPrefix) },
    ...(config.mail.smtpUrl === null ? [] : [{ area: 'mail', look: async () => examineMail(await mailer()) }])
  ])

  async function lookAtDatabase () {
    try {
      const facts = await createDatabaseStore(await database()).facts()
      return judgeDatabase(facts, { poolMax, prepare, deadline, now: Date.now() })
    } catch (error) {
      if (prepare && isPoolersRefusal(error)) return [poolerTakenForDirect()]
      throw error
    }
  }

  async function lookAtDirect (open: () => Promise<Database>) {
    const [main, other] = [createDatabaseStore(await database()), createDatabaseStore(await open())]
    const [mine, direct, directFacts] = await Promise.all([main.identity(), other.identity(), other.facts()])
    return judgeDirectUrl({ main: mine, direct, directFacts })
  }

  /** On another schema than ours there is one finding, and what else is there is not understood. */
  async function whereSchemaFits (look: (db: Database, now: number) => Promise<Finding[]>): Promise<Finding[]> {
    const db = await database()
    const store = createDatabaseStore(db)
    return await store.fitsSchema() ? await look(db, await store.time()) : []
  }

  async function lookAtSigningKeys (db: Database, now: number) {
    return judgeSigningKeys(await readSigningKeys(db), {
      secrets: {
        encryption: createEncryption(secrets.derive(purposes.signingKeys)),
        authenticity: createKeyAuthenticity(secrets.derive(purposes.signingKeyRows))
      },
      now,
      signingKeyTtl: config.keyring.signingKeyTtl
    })
  }

  async function lookAtFactors (db: Database, now: number) {
    const { keyId, keyIds } = createEncryption(secrets.derive(purposes.totpSecrets))
    const { rpId } = config.passkeys
    return [
      ...judgeTotpSecrets(await createTotpSecretStore(db).countEncryptedOtherwise(keyId), keyIds),
      ...judgePasskeys(await createPasskeyStore(db).countOtherDomains(rpId), rpId),
      ...judgeFactorPolicies(await createFactorPolicyStore(db).listGaps(), now)
    ]
  }

  async function lookAtTrail (db: Database, now: number) {
    const facts = await readTrail({
      seals: createAuditSealStore(db),
      unsealed: createUnsealedStore(db),
      partitions: createAuditPartitionStore(db),
      verifier: createSealSigner(secrets.derive(purposes.auditSeals))
    })
    return judgeTrail(facts, now, config.audit.retention)
  }

  async function lookAtJobs (db: Database) {
    return judgeJobs(await createJobStore(db).counts())
  }

  async function lookAtPrefix (db: Database) {
    const { keyPrefix } = config.redis
    const ids = await sampleSessions(await redis(), keyPrefix)
    return judgePrefix(ids.length, await createKnownSessionStore(db).countKnown(ids), keyPrefix)
  }
}, { name: 'examinations' })
