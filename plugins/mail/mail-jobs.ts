import fp from 'fastify-plugin'
import type { Clock } from '../../lib/clock.ts'
import { createCodes } from '../../lib/tokens/codes.ts'
import type { Config } from '../../lib/config/config.ts'
import { createMailJobs } from '../../lib/mail/jobs.ts'
import { sendTimeoutMs } from '../../lib/mail/transports.ts'
import { createEncryptedRecipients } from '../../lib/mail/recipients.ts'
import { createMailSubjectStore } from '../../lib/mail/subject-store.ts'
import { createOneTimeTokenStore } from '../../lib/tokens/one-time-token-store.ts'
import { purposes } from '../../lib/crypto/purposes.ts'

/** How long (ms) a mail may take, with the time in which it is written before it is sent. */
const jobTimeoutMs = sendTimeoutMs + 40_000

/** This node sends the mails that use cases have queued as jobs. */
export default fp<Pick<Config['mail'], 'appUrl'> & { clock: Clock }>(async function sendMails (app, { appUrl, clock }) {
  const { deliver } = createMailJobs({
    subjects: createMailSubjectStore(app.database),
    tokenStore: createOneTimeTokenStore(app.database),
    tokens: app.oneTimeTokens,
    codes: createCodes(app.secrets.derive(purposes.verificationCodes)),
    recipients: createEncryptedRecipients(app.secrets.derive(purposes.mailRecipients)),
    audit: app.audit,
    mailer: app.mailer,
    metrics: app.metrics,
    clock,
    appUrl
  })

  // Jobs start after the schema has been checked.
  app.addHook('onReady', async () => app.jobs.work('mail', deliver, { timeoutMs: jobTimeoutMs }))
}, { name: 'mail-jobs', dependencies: ['monitoring', 'stores', 'jobs', 'audit', 'tokens'] })
