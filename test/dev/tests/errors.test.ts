import { mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import t from 'tap'
import type { Test } from 'tap'
import { banner } from '../../../dev/bundles/bundling.ts'
import { ownErrors } from '../../../dev/tests/bundle.ts'
import { runTestFile } from '../../../dev/tests/run-file.ts'

t.test('an error that nobody caught fails the test that began the work', async t => {
  const run = await runCompiled(t, `
    t.test('a timer', t => { setTimeout(() => { throw new Error('thrown late') }, 5); setTimeout(() => t.end(), 50) })
    t.test('a promise', async t => { Promise.reject(new Error('rejected')); await new Promise(r => setTimeout(r, 20)) })
    t.test('a good one', async t => t.pass())
  `)

  t.equal(run.passed, 1)
  t.match(run.failures.join('\n'), /a timer > thrown late/)
  t.match(run.failures.join('\n'), /a promise > rejected/)
})

t.test('an error after the end of its test fails the run', async t => {
  const run = await runCompiled(t, `
    t.test('the first', async t => { setTimeout(() => { throw new Error('left behind') }, 20); t.pass() })
    t.test('the second', async t => { await new Promise(r => setTimeout(r, 60)); t.pass() })
  `)

  t.ok(run.failed > 0)
  t.match(run.failures.join('\n') + run.stderr, /left behind/)
})

// Compiled below this folder, where the packages are found.
async function runCompiled (t: Pick<Test, 'teardown'>, text: string) {
  const folder = mkdtempSync(join(resolve('.data'), 'planted-'))
  const file = join(folder, 'planted.mjs')

  t.teardown(() => rmSync(folder, { recursive: true }))
  await build({
    stdin: { contents: `import t from 'tap'\n${text}`, resolveDir: resolve('.') },
    outfile: file,
    bundle: true,
    format: 'esm',
    platform: 'node',
    banner: { js: banner },
    plugins: [ownErrors],
    logLevel: 'error'
  })
  return await runTestFile(file, process.env, 60)
}
