import t from 'tap'
import { readPostgresAddress } from '../../../../lib/config/addresses/postgres-address.ts'
import { problemsOf, production } from '../../../support/settings.ts'

t.test('the host and the mode of TLS are read', async t => {
  t.strictSame(readPostgresAddress('postgres://u:p@db:6432/latchkey'), { host: 'db', sslmode: null })
  t.strictSame(readPostgresAddress('postgresql://u:p%23%2F%3F%40@[fd00::1]/db?sslmode=verify-full&application_name=x'), { host: '[fd00::1]', sslmode: 'verify-full' })
  t.strictSame(readPostgresAddress('postgres://u:p@%2Fvar%2Frun/db'), { host: '/var/run', sslmode: null })
  t.strictSame(readPostgresAddress('postgres:///db?host=/tmp'), { host: '/tmp', sslmode: null })
  t.strictSame(readPostgresAddress('postgres://u:p@p@db/db'), { host: 'db', sslmode: null }, 'the last @ ends the password')
})

t.test('a URL that cannot be parsed is reported under its name, and no part of it is shown', async t => {
  const passwords = ['hun#ter2', 'hun/ter2', 'hun?ter2', '12#hunter2', '12/hunter2', '12?hunter2', '12?w=hunter2', 'hunter2%zz', 'hunter2%ff', 'hun\\ter2/x', 'a@b/hunter2']
  for (const [name, scheme] of [['DATABASE_URL', 'postgres'], ['DATABASE_DIRECT_URL', 'postgresql'], ['SMTP_URL', 'smtp'], ['SMTP_URL', 'smtps']]) {
    for (const password of passwords) {
      const text = problemsOf({ ...production(), [name ?? '']: `${scheme}://latchkey:${password}@db.example.com/latchkey?sslmode=verify-full` })
      t.match(text, new RegExp(`one setting is wrong:\n  ${name} .*percent-encoded`), `${name}: ${password}`)
      t.notMatch(text, /hun|ter2|latchkey:/, password)
    }
    t.match(problemsOf({ ...production(), [name ?? '']: `${scheme}://` }), new RegExp(`\n  ${name} `))
    t.match(problemsOf({ ...production(), [name ?? '']: 'http://me:hunter2@host' }), new RegExp(`\n  ${name} +must be an? `))
  }
})

t.test('sslmode alone decides about TLS, in its exact words', async t => {
  for (const query of ['sslmode=verify_full', 'sslmode=VERIFY-FULL', 'sslmode=', 'sslmode=on', 'sslmode=verify-full&sslmode=disable']) {
    t.match(complaint(query), /must have one sslmode, one of disable, allow, prefer, require, verify-ca, verify-full/, query)
  }
  for (const query of ['sslmode=verify-full&ssl=0', 'ssl=true', 'SSLMODE=verify-full', 'sslrootcert=/ca.pem', 'sslcert=/c.pem', 'sslnegotiation=direct', 'uselibpqcompat=true']) {
    t.match(complaint(query), /by sslmode alone/, query)
  }
  for (const query of ['sslmode=require', 'sslmode=verify-ca&channel_binding=require', 'application_name=latchkey&sslmode=prefer']) {
    t.equal(complaint(query), 'no problem', query)
  }
})

const complaint = (query: string) => problemsOf({ ...production(), DATABASE_URL: `postgres://u:p@db.example.com/db?${query}` })
