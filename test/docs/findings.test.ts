import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const page = readFileSync('docs/operations.md', 'utf8')
const section = page.slice(page.indexOf('## What the doctor finds')).split('\n## ', 1).join('')
const listed = new Set([...section.matchAll(/`([a-z]+(?:_[a-z]+)+)`/g)].map(([, code]) => code))

t.test('docs/operations.md lists every code of a finding, and no other', async t => {
  const sources = readdirSync('lib/doctor', { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'))
  const texts = [...sources.map(name => join('lib/doctor', name)), 'lib/config/warnings.ts', 'lib/config/spelling.ts']
    .map(path => readFileSync(path, 'utf8'))
  const made = texts.flatMap(text => [...text.matchAll(
    /(?:code: |code = |\b(?:about|finding|warning|aboutSetting)\(\s*|[:?] )'([a-z]+(?:_[a-z]+)+)'/g
  )].map(([, code]) => code))
  const codes = new Set([...made, 'mail_certificate', 'mail_sign_in', 'mail_refused', 'mail_unreachable'])

  t.ok(codes.size > 50)
  t.strictSame([...codes].filter(code => !listed.has(code)), [], 'each is listed')
  t.strictSame([...listed].filter(code => !codes.has(code)), [], 'each that is listed exists')
})
