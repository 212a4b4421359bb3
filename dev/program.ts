import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The arguments with which node starts a file of ours: as compiled for this test run (see bundle.ts), else from its source. */
export function program (file: string): string[] {
  if (!file.endsWith('.ts')) return [file]

  const compiled = join(process.env['LATCHKEY_TEST_BUILD'] ?? 'dist', file.replace(/\.ts$/, '.js'))
  return process.env['LATCHKEY_TEST_BUILD'] !== undefined && existsSync(compiled) ? [compiled] : ['--import', 'tsx', file]
}
