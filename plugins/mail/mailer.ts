import { join } from 'node:path'
import fp from 'fastify-plugin'
import { createTransport } from 'nodemailer'
import type { Config } from '../../lib/config/config.ts'
import { noTracing } from '../../lib/context/tracing.ts'
import type { Tracing } from '../../lib/context/tracing.ts'
import {
  createFolderTransport, createMissingTransport, createServerTransport, sendSettings, serverSettings
} from '../../lib/mail/transports.ts'
import { createMailer } from '../../lib/mail/mailer.ts'
import { traceTransport } from '../../lib/mail/traced-transport.ts'
import type { Mailer, Transport } from '../../lib/mail/mailer.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly mailer: Mailer }
}

interface Extra {
  environment: Config['process']['environment']
  /** Replaces the one that the settings call for, in tests. */
  transport?: Transport
  tracing?: Tracing
}

/** `app.mailer`. Where no mail server is set, mails are written to files, but only in development and in tests. */
export default fp<Config['mail'] & Extra>(async function provideMailer (app, options) {
  const { smtpUrl, authority, from, dataDir, environment, transport, tracing = noTracing } = options

  app.decorate('mailer', createMailer(traceTransport(transport ?? transportFor(), tracing), { from }))

  function transportFor () {
    if (smtpUrl !== null) return openServer(smtpUrl)
    if (environment === 'development' || environment === 'test') {
      const writer = createTransport({ streamTransport: true, buffer: true })
      return createFolderTransport(writer, join(dataDir, 'mails'), text => app.log.info(text))
    }
    return createMissingTransport()
  }

  function openServer (url: string) {
    const server = createTransport(sendSettings(url, authority))
    app.addHook('onClose', async () => server.close())
    return createServerTransport(server, createTransport(serverSettings(url, authority)))
  }
}, { name: 'mailer' })
