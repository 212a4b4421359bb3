import type { Config } from './in-force.ts'

/** The configuration for the start-up log: secrets and the passwords of URLs are masked. */
export function describeConfig (config: Config) {
  const { secrets, operations, errorReports, traces, postgres, redis, mail, settings: _, ...rest } = config

  return {
    ...rest,
    operations: { ...operations, operationsTokens: operations.operationsTokens.map(mask) },
    errorReports: { ...errorReports, dsn: mask(errorReports.dsn) },
    traces: {
      ...traces,
      headers: Object.fromEntries(Object.keys(traces.headers).map(name => [name, '***'])),
      authority: traces.authority !== null
    },
    postgres: {
      ...postgres,
      url: maskUrl(postgres.url),
      directUrl: maskUrl(postgres.directUrl),
      authority: postgres.authority !== null
    },
    redis: { ...redis, url: maskUrl(redis.url), authority: redis.authority !== null },
    secrets: { encryptionKeys: secrets.encryptionKeys.map(mask) },
    mail: { ...mail, smtpUrl: mail.smtpUrl === null ? null : maskUrl(mail.smtpUrl) }
  }
}

function mask (value: unknown) {
  return value === null ? null : '***'
}

/**
 * Masks the password before the last @, and secrets in the query. It works on the text, because `URL` cannot parse a
 * list of hosts.
 */
function maskUrl (url: string) {
  return url
    .replace(/^([a-z+]+:\/\/[^:/?@]*)(?::.*)?@/, '$1:***@')
    .replace(/([?&][^=&]*(?:pass|secret|token|key)[^=&]*=)[^&]*/gi, '$1***')
}
