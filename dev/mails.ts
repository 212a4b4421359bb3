// node --import tsx dev/mails.ts [MAIL_FROM]: every mail in every language, as files to look at in a browser.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseMailbox } from '../lib/config/addresses/mailbox.ts'
import { createMailer } from '../lib/mail/mailer.ts'
import type { Mail, Message } from '../lib/mail/mailer.ts'
import { languages } from '../lib/mail/texts/languages.ts'
import { sampleMails } from './samples/sample-mails.ts'

const from = parseMailbox(process.argv[2] ?? 'Acme Schools <no-reply@acme.example>')
const folder = resolve(process.env['DATA_DIR'] ?? '.data', 'mail-previews')
const samples = languages.flatMap(({ tag }) => sampleMails(tag).map(({ name, mail }) => ({
  file: `${name}.${tag}`,
  mail
})))

rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
for (const { file, mail } of samples) {
  const { subject, text, html } = await compose(mail)
  writeFileSync(join(folder, `${file}.html`), html)
  writeFileSync(join(folder, `${file}.txt`), `Subject: ${subject}\n\n${text}`)
}
writeFileSync(join(folder, 'index.html'), `<!doctype html>
<meta charset="utf-8">
<title>Mails</title>
<ul>
${samples.map(({ file }) => `<li><a href="${file}.html">${file}</a> (<a href="${file}.txt">text</a>)`).join('\n')}
</ul>
`)
console.log(`MAILS=${join(folder, 'index.html')}`)

async function compose (mail: Mail): Promise<Message> {
  const composed: Message[] = []
  const transport = { deliver: async (message: Message) => { composed.push(message) }, probe: async () => 0 }
  await createMailer(transport, { from }).deliver(mail)

  const [message] = composed
  if (message === undefined) throw new Error('no mail was composed')
  return message
}
