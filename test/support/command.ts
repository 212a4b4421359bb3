import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { program } from '../../dev/program.ts'
import type { Deployment } from './helper.ts'

/** Runs an operator's command with these settings only and this standard input. */
export async function run (settings: Partial<Deployment>, args: string[], typed = '') {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [...program('cli.ts'), ...args], { env: { PATH, HOME, ...settings } })
  const output = { stdout: '', stderr: '' }

  child.stdout.on('data', data => { output.stdout += String(data) })
  child.stderr.on('data', data => { output.stderr += String(data) })
  child.stdin.on('error', () => {})
  child.stdin.end(typed)
  const [code] = await once(child, 'close')
  return { code: Number(code), ...output }
}
