import t from 'tap'
import { sampleMails } from '../../../dev/samples/sample-mails.ts'
import { parseMailbox } from '../../../lib/config/addresses/mailbox.ts'
import { createMailer } from '../../../lib/mail/mailer.ts'
import type { Mail, Message } from '../../../lib/mail/mailer.ts'
import { asName } from '../../../lib/mail/texts/plain-text.ts'

const names = {
  markup: '<img src=x onerror=alert(1)>"\'&</p><script>alert(1)</script>',
  template: '{{7*7}} $' + '{7*7} <%= 7*7 %> #{7*7} %s $&',
  header: 'Ada\r\nBcc: eve@example.com\r\n\r\nbody',
  encoded: '=?utf-8?Q?Ada=0D=0ABcc:_eve@example.com?=',
  lines: 'Ada\u2028Bcc: eve@example.com\u0085\u0000\u000b',
  direction: '\u202egnp.exe\u2066\u200b\u061c',
  unseen: 'A\u00ad\u034f\u115f\u3164\ufeff\u{e0041}da',
  link: 'See https://evil.example/login?a=1 or www.evil.example//x or evil\u200b.example now',
  broken: 'Ada \ud83d',
  long: 'x'.repeat(10_000),
  crowd: '👩‍💻'.repeat(500)
}

t.test('every kind has a subject, the same words as text and as HTML, and its header', async t => {
  for (const { name, mail } of sampleMails('en')) {
    const message = await sent(mail)

    t.match(message, {
      kind: mail.kind,
      from: { name: 'Acme Schools', address: 'no-reply@acme.example' },
      to: 'ada@example.com',
      subject: /Acme Schools/,
      headers: { 'X-Latchkey-Mail': mail.kind, 'Auto-Submitted': 'auto-generated' },
      messageId: /^[0-9a-f]{32}@acme\.example$/
    }, name)
    for (const words of wordsOf(message.text)) t.ok(plainOf(message.html).includes(words), `${name}: ${words}`)
  }
})

t.test('the code stands out in both forms, and nothing else looks like a code', async t => {
  const message = await sent(verify({ code: '004271', minutes: 10 }))

  t.match(message.text, /^ {4}004271$/m)
  t.same(message.text.match(/\b\d{6}\b/g), ['004271'])
  t.same(message.html.match(/\b\d{6}\b/g), ['004271'])
  t.match(message.text, 'valid for 10 minutes')
  t.match((await sent(verify({ code: '004271', minutes: 1 }))).text, 'valid for 1 minute ')
  t.notMatch(message.subject, '004271', 'subjects lie open on locked screens')
})

t.test('the name that a stranger chose is not in the mail to the address they typed', async t => {
  t.notMatch(await sent(verify({ code: '123456', minutes: 10 })), /King/)
})

t.test('markup, template syntax, line breaks, links and reversed text in a name stay plain text', async t => {
  for (const [what, name] of Object.entries(names)) {
    for (const mail of everyForm(name)) {
      const { subject, html, text, headers, to } = await sent(mail)

      t.notMatch(`${subject}${to}${Object.values(headers).join('')}`, /[\p{Cc}\p{Cs}\u2028\u2029]|(?!\u200d)\p{Cf}/u, what)
      t.notMatch(`${text}${html}`, /[^\P{Cc}\n]|[\p{Cs}\u2028]|(?!\u200d|\ufe0f)[\p{Cf}\p{Default_Ignorable_Code_Point}]/u, what)
      t.notMatch(html, /<img|<script|onerror=alert\(1\)>|<\/p><script/, what)
      t.notMatch(`${text}${html}`, /\b49\b/, 'nothing is evaluated')
      t.notMatch(`${text}${html}`, /evil\.example|:\/\/evil/, 'nothing that a mail program would make a link of')
      t.equal(text.split('\n').filter(line => /^(Bcc:|body)/.test(line)).length, 0, what)
      t.ok(text.length < 2000, what)
    }
  }
  t.match((await sent(changed(names.markup))).html, '&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;&lt;/p&gt;')
  t.match((await sent(changed(names.link))).text, 'Hello See https evil. example/login?a=1 or www. evil. example x or evil . example now,')
})

t.test('unusual but harmless names stay as they are', async t => {
  for (const name of ['J. R. R. Tolkien', 'Ada J.R. King', 'Zoë d’Alembert-O’Neil', 'אדה', '王小明', 'Dr. h. c. Ada', 'Ada (she/her)', 'X Æ A-12']) {
    t.match((await sent(changed(name))).text, `Hello ${name},\n`)
  }
  t.match((await sent(changed('\u200b\u3164'))).text, 'Hello,\n', 'a name of which nothing is seen is none')
  t.match((await sent(changed('x'.repeat(81)))).text, `Hello ${'x'.repeat(79)}…,\n`)
})

t.test('a link in HTML cannot break out of its attribute', async t => {
  const message = await sent({ ...changed('Ada'), values: { how: 'changed', appUrl: 'https://app.example/?a="><script>' } })
  t.match(message.html, 'href="https://app.example/?a=&quot;&gt;&lt;script&gt;"')
})

t.test('a recipient that is not exactly one address gets no mail', async t => {
  for (const to of ['ada@example.com, eve@example.com', 'ada@example.com;eve@example.com', 'ada@example.com eve@example.com', 'ada@example.com\r\nBcc: eve@example.com', 'ada@example.com\n', 'ada@example.com\u0000', '=?utf-8?Q?eve?=@example.com, a@example.com', 'ada@example.com>\r\nRCPT TO:<eve@example.com', 'Ada <ada@example.com>', '"a,b"@example.com', 'ada@EXAMPLE.com', '', 'undisclosed:;']) {
    const delivered: Message[] = []
    const mailer = createMailer({ deliver: async message => { delivered.push(message) }, probe: async () => 0 }, { from: { name: '', address: 'no-reply@acme.example' } })

    await t.rejects(mailer.deliver({ ...verify({ code: '123456', minutes: 10 }), to }), /not one address/)
    t.same(delivered, [])
  }
})

t.test('mail programs see a second mail about the same thing as the same mail, and another one as different', async t => {
  const [one, again, other] = [await sent(verify({}, 'a 1')), await sent(verify({}, 'a 1')), await sent(verify({}, 'a 2'))]

  t.equal(one.messageId, again.messageId)
  t.not(one.messageId, other.messageId)
})

t.test('a mail is in the language of its reader, or in English where we do not have that language', async t => {
  for (const locale of ['de', 'de-CH', 'DE_at']) t.match(await sent({ ...changed('Ada'), locale }), { subject: /^Ihr Passwort/, html: /<html lang="de">/, text: /Guten Tag Ada,\n\ndas Passwort/ }, locale)
  for (const locale of ['en-GB', 'EN', '', 'deu', '__proto__', 'constructor', 'zh_Hant']) t.match(await sent({ ...changed('Ada'), locale }), { subject: /password was changed/, html: /<html lang="en">/ }, locale)
})

t.test('a notice says when it happened, on which device and from where, as far as that is known', async t => {
  const at = new Date('2026-11-20T11:12:00Z')
  const full = await sent({ ...changed('Ada'), occasion: { at, ip: '2001:db8::7', userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0' } })
  t.match(full.text, /^ {4}When: {7}20 November 2026 at 11:12 UTC\n {4}Device: {5}Firefox on Windows\n {4}IP address: 2001:db8::7$/m)

  const bare = await sent({ ...changed('Ada'), occasion: { at, ip: null, userAgent: 'Your bank asks you to call +1 555 0100' } })
  t.match(bare.text, 'When: 20 November 2026 at 11:12 UTC')
  t.notMatch(`${bare.text}${bare.html}`, /IP address|Device|bank/, 'what a client says of itself is no way to write to its victim')
  t.notMatch((await sent(changed('Ada'))).text, /When|null|undefined/)
})

t.test('a service whose sender has no display name is called by its domain', async t => {
  const message = await sent(changed('Ada'), 'no-reply@acme.example')
  t.match(message.subject, 'Your acme.example password was changed')
  t.match((await sent(changed('Ada'), '"Acme, Inc." <no-reply@acme.example>')).subject, 'Your Acme, Inc. password')
  t.match((await sent(changed('Ada'), 'post@bücher.example')).subject, 'Your bücher.example password', 'as people read it')
})

async function sent (mail: Mail, from = 'Acme Schools <no-reply@acme.example>'): Promise<Message> {
  const delivered: Message[] = []
  await createMailer({
    deliver: async message => { delivered.push(message) },
    probe: async () => 0
  }, { from: parseMailbox(from) }).deliver(mail)

  const [message] = delivered
  if (message === undefined) throw new Error('nothing was delivered')
  return message
}

function verify (values: { code?: string, minutes?: number } = {}, about = 'a 1') {
  return { kind: 'verify_email' as const, to: 'ada@example.com', name: null, locale: 'en', about, values: { code: '123456', minutes: 10, ...values } }
}

function changed (name: string) {
  return { kind: 'password_changed' as const, to: 'ada@example.com', name, locale: 'en', about: 'b', values: { how: 'changed' as const, appUrl: 'https://app.example' } }
}

/** Every form of every kind, with the given text in place of everything that strangers choose. */
function everyForm (name: string): Mail[] {
  return sampleMails('en').map(({ mail }) => {
    const named = {
      ...mail,
      name: mail.name === null ? null : name,
      ...(mail.occasion && { occasion: { ...mail.occasion, userAgent: name } })
    }
    switch (named.kind) {
      case 'new_device': return { ...named, values: { ...named.values, device: asName(name, 60) } }
      case 'reuse_detected': return { ...named, values: { ...named.values, device: asName(name, 60) } }
      case 'approval': return named.values.stage === 'pending' ? { ...named, values: { ...named.values, applicant: { name: asName(name), email: 'a@example.org' } } } : named
      default: return named
    }
  })
}

/** The sentences of a mail's text. */
function wordsOf (text: string) {
  return text.split('\n').map(line => line.replace(/^ {4}[\w ]+: +/, '').replace(/:$/, '').trim()).filter(line => line !== '' && line !== '--' && !line.includes('https://'))
}

function plainOf (html: string) {
  return html.replaceAll('&#39;', "'")
}
