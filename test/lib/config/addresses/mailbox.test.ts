import t from 'tap'
import { loadConfig } from '../../../../lib/config/config.ts'
import { problemsOf, production } from '../../../support/settings.ts'

t.test('the sender of mails is one mailbox, with its name as it is meant', async t => {
  const senders: [setting: string, name: string, address: string][] = [
    ['Acme <a@example.com>', 'Acme', 'a@example.com'],
    ['a@example.com', '', 'a@example.com'],
    ['<a@Example.COM>', '', 'a@example.com'],
    ['Acme, Inc <a@example.com>', 'Acme, Inc', 'a@example.com'],
    ['"Acme: Schools" <a@example.com>', 'Acme: Schools', 'a@example.com'],
    ['"Acme \\"Best\\" Ltd" <a@example.com>', 'Acme "Best" Ltd', 'a@example.com'],
    ['Acme "Best" Ltd <a@example.com>', 'Acme Best Ltd', 'a@example.com'],
    ['Bücher <post@bücher.example>', 'Bücher', 'post@xn--bcher-kva.example'],
    ['root@localhost', '', 'root@localhost']
  ]

  for (const [setting, name, address] of senders) {
    t.strictSame(loadConfig({ ...production(), MAIL_FROM: setting }).mail.from, { name, address }, setting)
  }
  t.strictSame(loadConfig(production()).mail.from, { name: 'Latchkey', address: 'no-reply@auth.example.com' }, 'unset')
})

t.test('a sender that is not exactly one mailbox is refused with what to do', async t => {
  const refused: [setting: string, sentence: RegExp][] = [
    ['Acme: Schools <a@example.com>', /in quotes/],
    ['Team: a@example.com, b@example.com;', /in quotes/],
    ['undisclosed:;', /in quotes/],
    ['a@example.com, b@example.com', /must be exactly one address/],
    ['Acme', /must be exactly one address/],
    ['Acme <>', /must be exactly one address/],
    ['Acme <a@b@example.com>', /must be exactly one address/],
    ['Acme <@example.com>', /must be exactly one address/],
    ['Acme <a@-.example>', /must be exactly one address/],
    ['"Acme <a@example.com>', /must be exactly one address/],
    ['a@example.com\r\nBcc: b@example.com', /must be exactly one address/]
  ]

  for (const [setting, sentence] of refused) {
    const message = problemsOf({ ...production(), MAIL_FROM: setting })
    t.match(message, /\n {2}MAIL_FROM +must be/, JSON.stringify(setting))
    t.match(message, sentence, JSON.stringify(setting))
  }
})
