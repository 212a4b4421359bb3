import t from 'tap'
import { purposes } from '../../../lib/crypto/purposes.ts'
import { createEncryption } from '../../../lib/crypto/encryption.ts'
import { judgeSigningKeys } from '../../../lib/doctor/signing-keys.ts'
import { createKeyAuthenticity } from '../../../lib/keys/authenticity.ts'
import { readSigningKeys } from '../../../lib/keys/signing-key-store.ts'
import { build } from '../../support/helper.ts'

const dayMs = 86_400_000

t.test('a signing key that nobody replaces is found, and a fresh one is not', async t => {
  const app = await build(t)
  const rows = await readSigningKeys(app.database)
  const secrets = {
    encryption: createEncryption(app.secrets.derive(purposes.signingKeys)),
    authenticity: createKeyAuthenticity(app.secrets.derive(purposes.signingKeyRows))
  }
  const signingKeyTtl = 30 * dayMs
  const now = Date.now()
  const codesAfter = (days: number) => judgeSigningKeys(rows, { secrets, now: now + days * dayMs, signingKeyTtl })
    .map(({ severity, code }) => `${severity} ${code}`)

  t.strictSame(codesAfter(0), [])
  t.strictSame(codesAfter(32), [], 'a tenth of its time may pass before a node is started')
  t.strictSame(codesAfter(34), ['warning signing_key_overdue'])
})
