import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Deployment } from './helper.ts'

/** Runs a command of the operator's with these settings only, with what is typed on its standard input. */
export async function run (settings: Partial<Deployment>, args: string[], typed = '') {
  const { PATH = '', HOME = '', LATCHKEY_TEST_BUILD: folder = 'dist' } = process.env
  const child = spawn(process.execPath, [join(folder, 'cli.js'), ...args], { env: { PATH, HOME, ...settings } })
  const output = { stdout: '', stderr: '' }

  child.stdout.on('data', data => { output.stdout += String(data) })
  child.stderr.on('data', data => { output.stderr += String(data) })
  child.stdin.on('error', () => {})
  child.stdin.end(typed)
  const [code] = await once(child, 'close')
  return { code: Number(code), ...output }
}
