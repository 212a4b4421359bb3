import { readdirSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'
import t from 'tap'

const folders = ['.ci', '.github', 'bench', 'clients', 'commands', 'deploy', 'dev', 'docs', 'lib', 'plugins', 'routes', 'sql', 'test']
const texts = new Set([
  '.cjs', '.conf', '.css', '.dart', '.env', '.html', '.js', '.json', '.lua', '.md', '.py', '.service', '.sh', '.sql', '.timer', '.toml', '.ts',
  '.yaml', '.yml'
])
const installed = /(^|\/)(node_modules|dist|\.dart_tool)\//

t.test('every text file is as .editorconfig says', async t => {
  const paths = [...readdirSync('.'), ...folders.flatMap(below)].filter(path => texts.has(extname(path)) && !installed.test(path))
  t.ok(paths.length > 500 && paths.includes('CHANGELOG.md') && paths.includes('deploy/nginx.conf'), 'the tree was read')
  t.strictSame(paths.flatMap(path => faults(path, readFileSync(path, 'utf8'))), [])
})

t.test('each fault is found', async t => {
  t.strictSame(faults('a.ts', 'one'), ['a.ts does not end with a line end'])
  t.strictSame(faults('a.ts', 'one\r\ntwo\r\n'), ['a.ts has a carriage return'])
  t.strictSame(faults('a.ts', 'one \ntwo\n'), ['a.ts has blanks at the end of a line'])
  t.strictSame(faults('a.ts', '\tone\n'), ['a.ts is indented with a tabulator'])
  t.strictSame(faults('a.md', 'a line break:  \nfine\n'), [])
  t.strictSame(faults('a.ts', ''), [])
})

function faults (path: string, text: string): string[] {
  const isProse = path.endsWith('.md')
  return [
    ...text === '' || text.endsWith('\n') ? [] : [`${path} does not end with a line end`],
    ...text.includes('\r') ? [`${path} has a carriage return`] : [],
    ...!isProse && /[ \t]$/m.test(text) ? [`${path} has blanks at the end of a line`] : [],
    ...!isProse && /^\t/m.test(text) ? [`${path} is indented with a tabulator`] : []
  ]
}

function below (folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(name => `${folder}/${name.replaceAll('\\', '/')}`)
}
