import t from 'tap'
import { purposes } from '../../../lib/crypto/purposes.ts'

// These strings are written out a second time, because the tokens, keys and trails of deployments were made under them.
const strings = {
  auditAddresses: 'audit addresses',
  auditMacs: 'audit macs',
  auditEventsWithoutSubject: 'audit without subject',
  auditSeals: 'audit seals',
  auditSubjectKeys: 'audit subject keys',
  cursorsOfAuditEvents: 'cursors of audit events',
  cursorsOfMails: 'cursors of mails',
  cursorsOfServices: 'cursors of services',
  cursorsOfUsers: 'cursors of users',
  cursorsOfVendors: 'cursors of vendors',
  deviceTokens: 'device tokens of https://a.example',
  lockoutBuckets: 'lanes',
  mailRecipients: 'recipients of mails',
  oneTimeTokens: 'one-time tokens of https://a.example',
  passkeyChallenges: 'passkey challenges of https://a.example',
  pendingLogins: 'pending logins of https://a.example',
  rateLimits: 'rate limits',
  refreshTokens: 'refresh tokens of https://a.example',
  signingKeyRows: 'rows of signing keys',
  signingKeys: 'signing keys',
  totpSecrets: 'secrets of authenticator apps',
  verificationCodes: 'verification codes'
}

const named = Object.entries(purposes)
  .map(([name, purpose]) => [name, typeof purpose === 'string' ? purpose : purpose('https://a.example')])

t.test('no purpose changes its string', async t => {
  t.strictSame(Object.fromEntries(named), strings)
})

t.test('no two purposes share a key', async t => {
  t.equal(new Set(named.map(([, purpose]) => purpose)).size, named.length)
})
