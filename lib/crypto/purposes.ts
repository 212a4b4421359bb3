/**
 * The purposes of derived keys: every info string of HKDF (RFC 5869) in one place. A changed letter gives another key,
 * and then nothing that was made under the old key can be read or verified any more. A purpose that names the issuer
 * makes sure that a copy of the database under another ISSUER_URL accepts nothing that was issued here.
 */
export const purposes = {
  auditAddresses: 'audit addresses',
  auditEventsWithoutSubject: 'audit without subject',
  auditMacs: 'audit macs',
  auditSeals: 'audit seals',
  auditSubjectKeys: 'audit subject keys',
  cursorsOfAuditEvents: 'cursors of audit events',
  cursorsOfMails: 'cursors of mails',
  cursorsOfServices: 'cursors of services',
  cursorsOfUsers: 'cursors of users',
  cursorsOfVendors: 'cursors of vendors',
  deviceTokens: (issuer: string) => `device tokens of ${issuer}` as const,
  // What buckets were called at first. A better word would be another key.
  lockoutBuckets: 'lanes',
  mailRecipients: 'recipients of mails',
  oneTimeTokens: (issuer: string) => `one-time tokens of ${issuer}` as const,
  passkeyChallenges: (issuer: string) => `passkey challenges of ${issuer}` as const,
  pendingLogins: (issuer: string) => `pending logins of ${issuer}` as const,
  rateLimits: 'rate limits',
  refreshTokens: (issuer: string) => `refresh tokens of ${issuer}` as const,
  signingKeyRows: 'rows of signing keys',
  signingKeys: 'signing keys',
  totpSecrets: 'secrets of authenticator apps',
  verificationCodes: 'verification codes'
} as const

type Entry = typeof purposes[keyof typeof purposes]

/** The type of all purposes in the table. */
export type Purpose = Entry extends infer Value ? Value extends (issuer: string) => infer Named ? Named : Value : never
