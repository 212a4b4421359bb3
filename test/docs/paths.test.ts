import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import t from 'tap'
import { namedPaths } from '../support/documents/named-paths.ts'

const sources = ['bench', 'clients', 'commands', 'deploy', 'dev', 'docs', 'lib', 'plugins', 'routes', 'test']
const pages = [...readdirSync('.'), ...readdirSync('docs').map(name => `docs/${name}`)].filter(path => path.endsWith('.md'))
const fileNames = new Set([...readdirSync('.'), ...sources.flatMap(namesBelow)])

t.test('every path that a page names exists', async t => {
  t.ok(pages.length > 8 && pages.includes('README.md') && pages.includes('docs/security.md'))
  for (const page of pages) {
    const { paths, names } = namedPaths(page, readFileSync(page, 'utf8'))
    t.strictSame(paths.filter(path => !existsSync(path)), [], page)
    t.strictSame(names.filter(name => !fileNames.has(name)), [], `${page}: file names without a folder`)
  }
})

t.test('paths are found wherever pages write them', async t => {
  const found = (text: string, page = 'docs/x.md') => namedPaths(page, text).paths

  t.strictSame(found('in `lib/gone.ts`, or in lib/gone/.'), ['lib/gone.ts', 'lib/gone'])
  t.strictSame(found('npm test -- test/gone.test.ts'), ['test/gone.test.ts'])
  t.strictSame(found('[here](gone.md#part) and [there](../deploy/gone.conf)'), ['docs/gone.md', 'deploy/gone.conf'])
  t.strictSame(found('[this](SECURITY.md), [`lib/x.ts`](lib/x.ts)', 'README.md'), ['lib/x.ts', 'SECURITY.md'])
  t.strictSame(found('`plugins/<feature>/index.ts`, `.github/workflows/ci.yml`'), ['plugins', '.github/workflows/ci.yml'])
  t.strictSame(namedPaths('docs/x.md', 'its line in `gone.ts`').names, ['gone.ts'])
})

t.test('text that only looks like a path is ignored', async t => {
  const text = '`/docs/json` https://x.example/docs/y [z](https://x.example/lib/z.ts) `.data/mails/` `$API/lib/x` `-store.ts`'
  const { paths, names } = namedPaths('docs/x.md', text)
  t.strictSame(paths, [])
  t.strictSame(names, [])
})

function namesBelow (folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(path => basename(path))
}
