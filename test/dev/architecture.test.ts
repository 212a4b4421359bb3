import { existsSync, readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { readImports, withDiagram } from '../../dev/documents/architecture-diagram.ts'

const page = readFileSync('docs/architecture.md', 'utf8')
const imports = readImports()

t.test('the page shows the current imports; if not, run npm run architecture', async t => {
  t.equal(page, withDiagram(page, imports))
  t.match(page, '  lib_accounts --> lib_logins\n')
  t.notMatch(page, 'lib_accounts --> lib_stores', 'what follows from other arrows is not drawn')
  t.ok(imports.get('accounts')?.has('stores'))
})

t.test('the page says of every folder of lib what it decides, in their order', async t => {
  const table = page.slice(page.indexOf('## The domains'), page.indexOf('## A login'))
  const rows = [...table.matchAll(/^\| `lib\/([a-z]+)\/` \| .+ \| `(.+)` \|$/gm)]
  const folders = readdirSync('lib', { withFileTypes: true }).filter(entry => entry.isDirectory()).map(({ name }) => name)
  t.same(rows.map(([, name]) => name), folders.toSorted())
  for (const [, name, file] of rows) t.ok(existsSync(`lib/${name}/${file}`), `lib/${name}/${file}`)
})

t.test('another import makes another page', async t => {
  const without = new Map([...imports].filter(([name]) => name !== 'sessions'))
  t.not(page, withDiagram(page, without))
  t.not(page, withDiagram(page, new Map([...imports, ['transfers', new Set(['mail'])]])))
})

t.test('arrows that others imply are left out, across several steps', async t => {
  const chain = { organisations: ['administration', 'users', 'config'], administration: ['users'], users: ['config'] }
  const drawn = withDiagram(page, new Map(Object.entries(chain).map(([name, targets]) => [name, new Set(targets)])))

  t.same([...drawn.matchAll(/^ {2}lib_.* --> .*$/gm)].map(String), [
    '  lib_administration --> lib_users', '  lib_organisations --> lib_administration', '  lib_users --> lib_config'
  ])
})

t.test('a folder without a floor, a page without a place or with two are errors', async t => {
  t.throws(() => withDiagram(page, new Map([['cellar', new Set(['config'])]])), /lib\/cellar stands on no floor/)
  t.throws(() => withDiagram('a page', imports))
  t.throws(() => withDiagram(page + page, imports))
})
