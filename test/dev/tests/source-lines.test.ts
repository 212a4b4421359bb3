import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { transformSync } from 'esbuild'
import t from 'tap'
import { withSourceLines } from '../../../dev/tests/source-lines.ts'

t.test('a position in compiled code is reported as a position in the source, in every kind of report', async t => {
  const { source, compiled } = compile('interface Dropped {\n  one: string\n}\n\nexport function fail () {\n  throw new Error(`lost`)\n}\n')
  const [line, column] = placeOf('throw', compiled)
  const told = relative('.', source)

  t.equal(withSourceLines(`  fail (file://${compiled}:${line}:${column})`), `  fail (${told}:6:3)`)
  t.equal(withSourceLines(`{"fileName":"${compiled}","lineNumber":${line},"columnNumber":${column}}`), `{"fileName":"${told}","lineNumber":6,"columnNumber":3}`)
})

t.test('a position that has no source stays as it is', async t => {
  for (const text of ['fail (test/x.test.ts:1:2)', 'fail (.data/bundle-gone/x.js:1:2)', 'at 12:30:01']) t.equal(withSourceLines(text), text)
})

/** One module with its map, where a bundle would have it. */
function compile (text: string) {
  const folder = mkdtempSync(join(tmpdir(), 'source-lines-'))
  const [source, compiled] = [join(folder, 'planted.ts'), join(folder, '.data/bundle-x/planted.js')]
  const { code, map } = transformSync(text, { loader: 'ts', sourcemap: 'external', sourcefile: '../../planted.ts' })

  mkdirSync(join(folder, '.data/bundle-x'), { recursive: true })
  writeFileSync(compiled, code)
  writeFileSync(`${compiled}.map`, map)
  return { source, compiled }
}

function placeOf (word: string, file: string) {
  const lines = readFileSync(file, 'utf8').split('\n')
  const line = lines.findIndex(text => text.includes(word))
  return [line + 1, (lines[line] ?? '').indexOf(word) + 1]
}
