import { existsSync } from 'node:fs'
import { join } from 'node:path'

// More threads collect garbage sooner and take a tenth more of the processors, which are busy with other tests.
const frugal = ['--single-threaded-gc']

/** The arguments with which node starts one of our files: compiled for this run of the tests, or its source. */
export function program (file: string): string[] {
  if (!file.endsWith('.ts')) return [file]

  const compiled = compiledProgram(file)
  return compiled === undefined ? ['--import', 'tsx', file] : [...frugal, compiled]
}

/** The file's JavaScript, if it was compiled for this test run. */
export function compiledProgram (file: string): string | undefined {
  const build = process.env['LATCHKEY_TEST_BUILD']
  const compiled = build === undefined ? undefined : join(build, file.replace(/\.ts$/, '.js'))
  return compiled !== undefined && existsSync(compiled) ? compiled : undefined
}
