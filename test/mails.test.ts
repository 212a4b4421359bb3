import { readFileSync } from 'node:fs'
import t from 'tap'
import type { Test } from 'tap'
import Fastify from 'fastify'
import { sampleMails } from '../dev/samples/sample-mails.ts'
import { parseMailbox } from '../lib/config/addresses/mailbox.ts'
import type { Mail } from '../lib/mail/mailer.ts'
import { languageFor, languages } from '../lib/mail/texts/languages.ts'
import mailer from '../plugins/mail/mailer.ts'
import { cheapHasher } from './support/hashers.ts'
import { deploy, post, signUp, start } from './support/helper.ts'
import { decodeWords, headersOf, partsOf, startMailServer } from './support/outside/mail-server.ts'
import { until } from './support/until.ts'

/** Those that have a text: a kind without one does not compile. */
const kinds = Object.keys(languageFor('en').mails).toSorted()

/** Words that are typical of a language. */
const words: Record<string, RegExp> = {
  en: /\b(the|you|your|and|with|sign|account|password|hello|until|device|from|that|address)\b/i,
  de: /\b(sie|und|ihr|ihre|nicht|mit|konto|passwort|bis|gerät|diese|wurde|guten)\b/i
}

t.test('there are samples of every kind in every language', async t => {
  t.ok(languages.length >= 2)
  for (const { tag } of languages) {
    t.same([...new Set(sampleMails(tag).map(({ mail }) => mail.kind))].toSorted(), kinds, `${tag}: dev/samples/sample-mails.ts`)
  }
})

t.test('every language has words that give it away, so that a text that was not translated is found', async t => {
  t.same(Object.keys(words).toSorted(), languages.map(({ tag }) => tag).toSorted())
})

t.test('docs/operations.md says of every kind to whom it goes, and of no other', async t => {
  const page = readFileSync('docs/operations.md', 'utf8')
  const section = page.slice(page.indexOf('\n## Mails\n')).split('\n## ', 2).join('')
  const rows = section.split('\n').filter(line => line.startsWith('| `')).map(line => line.split('|', 2).join(''))
  t.same(rows.flatMap(row => [...row.matchAll(/`([a-z_]+)`/g)].map(([, kind]) => kind)).toSorted(), kinds)
})

for (const { tag } of languages) {
  t.test(`every mail arrives whole in ${tag}, at one recipient, as text and as HTML`, async t => {
    for (const { name, mail, raw, to } of await sendAll(t, tag)) {
      const headers = new Map(headersOf(raw).map(header => [header.slice(0, header.indexOf(':')), header.slice(header.indexOf(':') + 2)]))
      t.same(to, ['ada@example.com'], name)
      t.same([...headers.keys()].toSorted(), ['Auto-Submitted', 'Content-Type', 'Date', 'From', 'MIME-Version', 'Message-ID', 'Subject', 'To', 'X-Latchkey-Mail'], name)
      t.match(headers.get('X-Latchkey-Mail'), mail.kind)
      t.match(headers.get('Content-Type'), /^multipart\/alternative; boundary="/)
      t.match(raw, /^[\r\n\x20-\x7e]+$/, 'ASCII on the wire')
      t.ok(raw.split('\r\n').every(line => line.length <= 998), 'RFC 5322 §2.1.1')
      t.same(raw.match(/^Content-Type: text\/\w+; charset=utf-8/gmi)?.map(type => type.slice(14, 24)), ['text/plain', 'text/html;'], name)
      t.match(raw.trimEnd(), /--$/, 'the last part ends')
      t.match(decodeWords(headers.get('Subject') ?? ''), /^[^\p{Cc}]{10,80}$/u, name)
    }
  })

  t.test(`no mail in ${tag} has a gap, a word of another language, or a link twice`, async t => {
    for (const { name, mail, raw } of await sendAll(t, tag)) {
      const { text, html } = partsOf(raw)
      const subject = decodeWords(headersOf(raw).find(header => header.startsWith('Subject: '))?.slice(9) ?? '')
      const said = `${subject}\n${text}${html.replace(/<style>[^]*<\/style>|<[^>]+>/g, '\n')}`.replace(/https?:\S+|\S+@\S+/g, '')

      t.notMatch(said, /undefined|null|NaN|\[object|Invalid Date|\$\{/, name)
      for (const [language, giveaway] of Object.entries(words)) {
        if (language === tag) t.match(said, giveaway, name)
        else t.notMatch(said, giveaway, name)
      }
      t.match(html, `<html lang="${tag}">`)
      t.equal(html.split('<h1').length, 2, 'one heading')
      t.notMatch(html, /<img|<script|<link|src=|@import|url\(/, 'nothing is loaded')
      t.notMatch(html, /\bon\w+=|javascript:/i)
      t.same(unbalanced(html), [], name)

      for (const link of linksOf(mail)) {
        for (const form of [text, html]) t.equal(form.replaceAll('&amp;', '&').split(link).length, 2, `${name}: ${link}`)
        t.ok(text.split(/\r?\n/).includes(link), `${name}: on a line of its own`)
      }
      const [code] = linksOf(mail).flatMap(link => /#token=(.+)$/.exec(link)?.[1] ?? [])
      if (code !== undefined) {
        t.ok(text.split(/\r?\n/).includes(`    ${code}`), `${name}: the code of the link stands in the text`)
        t.equal(html.replace(/<[^>]+>/g, '\n').split(/\r?\n/).filter(line => line === code).length, 1, `${name}: and is seen in HTML`)
      }
      t.equal(html.split('href=').length - 1, linksOf(mail).length, 'no other link')
    }
  })

  t.test(`whatever a value is in ${tag}, it is shown as text`, async t => {
    const evil = '"><img src=x onerror=alert(1)>\r\nBcc: eve@example.com\r\n\r\n</td>{{7*7}} \u202e =?utf-8?Q?=0ABcc:_eve?='
    for (const { name, raw, to } of await sendAll(t, tag, mail => spoil(mail, evil))) {
      const { text, html } = partsOf(raw)
      t.same(to, ['ada@example.com'], name)
      t.notOk(headersOf(raw).some(header => /^bcc|eve|img/i.test(header)), name)
      t.same(unbalanced(html), [], name)
      t.notMatch(html, /<img|href="">/, name)
      t.notMatch(`${text}${html}`, /\b49\b|\u202e|^Bcc/m, name)
    }
  })
}

t.test('a product name with markup characters stays a name', async t => {
  const [first] = await sendAll(t, 'en', mail => mail, 'Acme & Söhne \'Ltd\' <no-reply@acme.example>')
  const raw = first?.raw ?? ''
  t.match(partsOf(raw).html, 'Acme &amp; Söhne &#39;Ltd&#39;')
  t.match(partsOf(raw).text, 'signing up for Acme & Söhne \'Ltd\':')
})

t.test('a notice shows the origin that the trail has, and links to APP_URL whatever the request says', async t => {
  const server = await startMailServer(t)
  const app = await start(t, await deploy(t, { SMTP_URL: server.url, APP_URL: 'https://app.acme.example/portal', MAIL_FROM: 'Acme <no-reply@acme.example>' }), { hasher: cheapHasher })
  const ada = await signUp(app, { locale: 'de-AT' })
  const headers = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0', 'x-forwarded-host': 'evil.example', 'x-forwarded-for': '198.51.100.9', forwarded: 'host=evil.example' }
  for (let guess = 0; guess < 5; guess++) await post(app, '/auth/login', { email: ada.email, password: `wrong ${guess}` }, headers)

  await until(() => server.mails.some(({ raw }) => raw.includes('X-Latchkey-Mail: locked')))
  const { raw, to } = server.mails.find(({ raw }) => raw.includes('X-Latchkey-Mail: locked')) ?? { raw: '', to: [] }
  t.same(to, [ada.email])
  const { text, html } = partsOf(raw)
  t.match(text, /Guten Tag Ada King,[^]*Gerät: {6}Firefox unter Linux\r?\n {4}IP-Adresse: 127\.0\.0\.1\r?\n/)
  t.match(text, /^https:\/\/app\.acme\.example\/portal\r?$/m)
  t.match(html, 'href="https://app.acme.example/portal"')
  t.notMatch(raw, /evil|198\.51/)
})

async function sendAll (t: Pick<Test, 'teardown'>, tag: string, change = (mail: Mail) => mail, from = 'Acme Schools <no-reply@acme.example>') {
  const server = await startMailServer(t)
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(mailer, { smtpUrl: server.url, authority: null, from: parseMailbox(from), dataDir: '/nonexistent', appUrl: 'https://app.example', environment: 'test' })

  const sent = []
  for (const { name, mail } of sampleMails(tag)) {
    await app.mailer.deliver(change(mail))
    sent.push({ name, mail, raw: server.mails.at(-1)?.raw ?? '', to: server.mails.at(-1)?.to })
  }
  return sent
}

/** The same mail with every text in it replaced, except links. */
function spoil (mail: Mail, evil: string): Mail {
  const spoilt = JSON.parse(JSON.stringify(mail), (key, value) => {
    if (['at', 'until'].includes(key)) return new Date(value)
    return ['name', 'device', 'reason', 'email', 'userAgent', 'ip'].includes(key) && value !== null ? evil : value
  })
  return spoilt as Mail
}

function linksOf ({ values }: Mail): string[] {
  return Object.entries(values).filter(([key]) => key === 'url' || key === 'appUrl').map(([, link]) => link)
}

/** Elements that are opened and not closed in their order, or closed without having been opened. */
function unbalanced (html: string) {
  const open: string[] = []
  const wrong: string[] = []
  for (const [, slash, name = ''] of html.replace(/<style>[^]*<\/style>/, '').matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*>/g)) {
    if (name === 'meta') continue
    if (slash === '') open.push(name)
    else if (open.pop() !== name) wrong.push(name)
  }
  return [...wrong, ...open]
}
