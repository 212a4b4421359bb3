import type { Config } from './group.ts'

/** The configuration for the start-up log: secrets and the passwords of URLs are masked. */
export function describeConfig (config: Config) {
  const { secrets, operations, postgres: { authority, ...postgres }, redis: { authority: redisAuthority, ...redis }, mail, ...rest } = config

  return {
    ...rest,
    operations: { ...operations, operationsToken: mask(operations.operationsToken) },
    postgres: { ...postgres, url: maskUrl(postgres.url), directUrl: maskUrl(postgres.directUrl), authority: authority !== null },
    redis: { ...redis, url: maskUrl(redis.url), authority: redisAuthority !== null },
    secrets: { encryptionKeys: secrets.encryptionKeys.map(mask) },
    mail: { ...mail, smtpUrl: mail.smtpUrl === null ? null : maskUrl(mail.smtpUrl) }
  }
}

const mask = (secret: unknown) => secret === null ? null : '***'

/** Lists of hosts are no URLs to `URL`, so this goes by the text: up to the last @, and passwords in the query. */
function maskUrl (url: string) {
  return url
    .replace(/^([a-z+]+:\/\/[^:/?@]*)(?::.*)?@/, '$1:***@')
    .replace(/([?&][^=&]*(?:pass|secret|token|key)[^=&]*=)[^&]*/gi, '$1***')
}
