import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { runTestFile } from '../../../dev/tests/run-file.ts'

const tap = pathToFileURL(resolve('node_modules/tap/dist/esm/index.js')).href

t.test('assertions count at any depth, groups do not', async t => {
  const run = await runText(t, `
    t.ok(true, 'one')
    t.test('a group', async t => {
      t.ok(true, 'two')
      await t.test('inside a group', async t => { t.ok(true, 'three') })
    })
    t.test('left out', { skip: 'not here' }, async () => {})
  `)

  t.match(run, { passed: 3, failed: 0, skipped: 1, failures: { length: 0 } })
})

t.test('a failure is printed with its path and its difference', async t => {
  const run = await runText(t, "t.test('a group', async t => { t.equal(1, 2, 'one is two') })")

  t.match(run, { passed: 0, failed: 1 })
  t.match(run.failures[0], /a group > one is two/)
  t.match(run.failures[0], /-2\n\s+\+1/)
})

t.test('a file that crashes before its first test has failed', async t => {
  const run = await runText(t, "throw new Error('too early')")

  t.match(run, { passed: 0, failed: 1 })
  t.match(run.stderr + run.failures.join(), /too early/)
})

t.test('a file that ends in the middle has failed, whatever it printed before', async t => {
  const broken = await runText(t, "t.test('a group', async t => { t.ok(true); process.exit(0) })")
  const wrong = await runText(t, "t.ok(true); t.teardown(() => { process.once('exit', () => { process.exitCode = 3 }) })")

  t.equal(broken.failed, 1)
  t.match(wrong, { passed: 1, failed: 1, failures: ['it ended with exit code 3'] })
})

t.test('a file without a test has failed', async t => {
  t.match(await runText(t, ''), { passed: 0, failed: 1, failures: ['it has no test'] })
  t.match(await runText(t, 'process.exit(0)'), { passed: 0, failed: 1 })
})

t.test('a file that skips itself is printed with its reason', async t => {
  t.match(await runText(t, "t.plan(0, 'not on this system')"), { passed: 0, failed: 0, skipped: 1 })
})

t.test('a file that hangs is killed and has failed', async t => {
  const run = await runText(t, 't.ok(true); setInterval(() => {}, 1000); await new Promise(() => {})', 2)

  t.equal(run.failed, 1)
  t.match(run.failures[0], /hung/)
})

async function runText (t: Tap, text: string, deadlineSeconds = 60) {
  const folder = mkdtempSync(join(tmpdir(), 'planted-'))
  const file = join(folder, 'planted.mjs')

  t.teardown(() => rmSync(folder, { recursive: true }))
  writeFileSync(file, `import t from '${tap}'\n${text}\n`)
  return await runTestFile(file, process.env, deadlineSeconds)
}

interface Tap { teardown (end: () => void): void }
