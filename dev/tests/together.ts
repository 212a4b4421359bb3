// Runs compiled test files one after another in this process, each as one test that has the file's name.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import tap from 'tap'
import { current } from './current-test.ts'
import { timesOfFile } from './reporter.ts'

const folder = process.env['LATCHKEY_TEST_BUILD'] ?? ''

// Not as arguments: tap names its folders after those, and many names are too long for one.
for (const file of process.env['LATCHKEY_TEST_FILES']?.split(' ') ?? []) {
  const [begun, before] = [performance.now(), process.cpuUsage()]
  await tap.test(file, async test => {
    current.test = test
    await import(pathToFileURL(join(folder, file.replace(/\.ts$/, '.js'))).href)
  })
  const { user, system } = process.cpuUsage(before)
  const seconds = (performance.now() - begun) / 1000
  tap.comment(timesOfFile.write({ seconds, cpuSeconds: (user + system) / 1e6 }))
}
