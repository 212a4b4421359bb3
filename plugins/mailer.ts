import { join } from 'node:path'
import fp from 'fastify-plugin'
import { createTransport } from 'nodemailer'
import type { Config } from '../lib/config.ts'
import { createFolderTransport, createMissingTransport, createServerTransport } from '../lib/mail-transports.ts'
import { createMailer } from '../lib/mailer.ts'
import type { Mailer, Transport } from '../lib/mailer.ts'

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
    const server = createTransport({ url, pool: true, maxConnections: 4, maxRequeues: 1, ...timeouts, requireTLS: carriesPassword(url) })
    app.addHook('onClose', async () => server.close())
    return createServerTransport(server)
  }
}, { name: 'mailer' })

const timeouts = { dnsTimeout: 5000, connectionTimeout: 5000, greetingTimeout: 5000, socketTimeout: 10_000, socketCloseTimeout: 1000, idleTimeout: 30_000 }

/** A password never goes to another machine in the clear; `?requireTLS=false` in the URL does not lift that. */
function carriesPassword (url: string) {
  const { password, hostname } = new URL(url)
  return password !== '' && !['localhost', '127.0.0.1', '[::1]'].includes(hostname)
}
