// npm test: fresh private stores, one migrated template database, test files in processes of their own or a few in one.
//   --postgres=15  on Debian's Postgres 15, which compiles plans (jit = on); by default on the Postgres of npm
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { onceAskedToEnd } from './processes/signals.ts'
import { debianPostgres, isPostgresVersion } from './services/debian-postgres.ts'
import { takeBlock } from './services/ports.ts'
import { type Services, startServices } from './services/services.ts'
import { makeTemplate } from './services/template.ts'
import { bundle } from './tests/bundle.ts'
import { findTestFiles, mayShareProcess } from './tests/files.ts'
import { makeTestFolder } from './tests/folder.ts'
import { memoryFolder } from './tests/memory-folder.ts'
import { type Batches, inBatches, keepDurations } from './tests/order.ts'
import { runTestFile, runTestFilesTogether, type TestRun } from './tests/run-file.ts'
import { withSourceLines } from './tests/source-lines.ts'

// No process takes this long, not even on a busy machine: one that does hangs.
const deadlineSeconds = 600
// Files that share processes keep the processors busy. Those alone mostly wait: for time to pass, for a process to
// start or to end. So some of both run at any time. More of each take the processors' caches from each other.
const processesOfEach = Math.min(3, availableParallelism())

const folder = makeTestFolder(memoryFolder())
const runs: TestRun[] = []
const total = { passed: 0, failed: 0, skipped: 0 }
let services: Services | undefined

onceAskedToEnd(reason => { console.log(`Ending: ${reason}`); finish().finally(() => process.exit(130)) })

try {
  const { values: { postgres }, positionals } = parseArgs({
    options: { postgres: { type: 'string' } },
    allowPositionals: true
  })
  const files = findTestFiles('test', positionals)
  if (files.length === 0) throw new Error('There is no test file')
  if (postgres === undefined || await canRunOn(postgres)) await run(files)
} catch (error) {
  total.failed++
  console.error(error instanceof Error ? error.message : error)
}

await finish()
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`)
process.exitCode = total.failed > 0 ? 1 : 0

/** Whether the version can be had. Where it cannot, the run is left out. All processes of the run learn the version. */
async function canRunOn (version: string) {
  if (process.env['DATABASE_URL']) throw new Error('DATABASE_URL names a Postgres, and so does --postgres')
  process.env['LATCHKEY_TEST_POSTGRES'] = version
  if (!isPostgresVersion(version) || version === '18' || await debianPostgres(version) !== null) return true
  total.skipped++
  console.log(`Left out: Postgres ${version} is not installed here, and this system's packages have none`)
  return false
}

async function run (files: string[]) {
  process.env['LATCHKEY_TEST_BUILD'] = await bundle(files)
  process.env['LATCHKEY_TEST_PORT_BLOCK'] = await takeBlock()
  services = await startServices({ dataDir: folder, durable: false })
  const template = await makeTemplate(services)
  await runAll(inBatches(files), {
    ...process.env,
    TMPDIR: join(folder, 'tmp'),
    LATCHKEY_TEST_PORTS: join(folder, 'ports'),
    LATCHKEY_TEST_DATABASE_DIRECT_URL: services.databaseDirectUrl,
    LATCHKEY_TEST_DATABASE_URL: services.databaseUrl,
    LATCHKEY_TEST_TEMPLATE: template.name,
    LATCHKEY_TEST_REDIS_URL: services.redisUrl
  })
  await template.drop()
}

async function runAll ({ together, alone }: Batches, env: NodeJS.ProcessEnv) {
  const preferences = [[together, alone], [alone, together]]

  await Promise.all(preferences.flatMap(kinds => Array.from({ length: processesOfEach }, async () => {
    for (let batch = next(kinds); batch !== undefined; batch = next(kinds)) {
      for (const run of await runBatch(batch, env)) {
        runs.push(run)
        print(run)
      }
    }
  })))
  keepDurations(runs)
}

/** The next batch of the first of these kinds; of the second one when none of the first is left. */
function next (kinds: string[][][]) {
  return kinds.find(waiting => waiting.length > 0)?.shift()
}

async function runBatch (files: string[], env: NodeJS.ProcessEnv) {
  const [file = ''] = files
  return mayShareProcess(file)
    ? await runTestFilesTogether(files, env, deadlineSeconds)
    : [await runTestFile(file, env, deadlineSeconds)]
}

function print ({ file, passed, failed, skipped, seconds, cpuSeconds, failures, stderr }: TestRun) {
  total.passed += passed
  total.failed += failed
  total.skipped += skipped

  const counts = [
    `${passed} passed`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : [])
  ].join(', ')
  const times = `${seconds.toFixed(1)} s (${cpuSeconds.toFixed(1)} s of a processor)`
  console.log(`${failed > 0 ? 'FAILED' : 'ok'}  ${file}  ${counts}  ${times}`)
  for (const failure of failures) console.log(indent(`✗ ${withSourceLines(failure)}`, '    '))
  if (stderr.trim() !== '') console.log(indent(withSourceLines(stderr.trimEnd()), '    stderr | '))
}

function indent (text: string, margin: string) {
  return text.replaceAll(/^/gm, margin)
}

async function finish () {
  await services?.stop()
}
