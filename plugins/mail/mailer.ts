import { join } from 'node:path'
import fp from 'fastify-plugin'
import { createTransport } from 'nodemailer'
import type { Config } from '../../lib/config/config.ts'
import { createFolderTransport, createMissingTransport, createServerTransport, serverSettings } from '../../lib/mail/transports.ts'
import { createMailer } from '../../lib/mail/mailer.ts'
import type { Mailer, Transport } from '../../lib/mail/mailer.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly mailer: Mailer }
}

/** Without a mail server, mails are kept as files in development and tests only. */
type Options = Config['mail'] & { environment: Config['process']['environment'], transport?: Transport }

export default fp<Options>(async function provideMailer (app, { smtpUrl, from, dataDir, environment, transport }) {
  app.decorate('mailer', createMailer(transport ?? transportFor(), { from }))

  function transportFor () {
    if (smtpUrl !== null) return openServer(smtpUrl)
    if (environment === 'development' || environment === 'test') {
      return createFolderTransport(createTransport({ streamTransport: true, buffer: true }), join(dataDir, 'mails'), text => app.log.info(text))
    }
    app.log.warn('SMTP_URL is not set: mails cannot be sent, their jobs will fail')
    return createMissingTransport()
  }

  function openServer (url: string) {
    const server = createTransport(serverSettings(url))
    app.addHook('onClose', async () => server.close())
    return createServerTransport(server)
  }
}, { name: 'mailer' })
