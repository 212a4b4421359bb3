import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { runCommandLine } from '../../commands/command-line.ts'
import { program } from '../../dev/processes/program.ts'
import type { Deployment } from './helper.ts'
import { leavingNothingOpen } from './left-open.ts'

/**
 * Runs an operator's command in this process, with these settings only and this standard input. It has no terminal.
 * @throws Error if it leaves something open that would keep a process of its own from ending
 */
export async function run (settings: Partial<Deployment>, args: string[], typed = '') {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const output = Promise.all([text(stdout), text(stderr)])
  stdin.end(typed)

  const surroundings = { env: environmentOf(settings), stdin, stdout, stderr }
  const code: number = await leavingNothingOpen(() => runCommandLine(args, surroundings))
  stdout.end()
  stderr.end()
  const [out, err] = await output
  return { code, stdout: out, stderr: err }
}

/** Runs an operator's command in a process of its own, as an operator does. */
export async function runProcess (settings: Partial<Deployment>, args: string[], typed = '') {
  const child = spawn(process.execPath, [...program('cli.ts'), ...args], { env: environmentOf(settings) })
  const output = { stdout: '', stderr: '' }

  child.stdout.on('data', data => { output.stdout += String(data) })
  child.stderr.on('data', data => { output.stderr += String(data) })
  child.stdin.on('error', () => {})
  child.stdin.end(typed)
  const [code] = await once(child, 'close')
  return { code: Number(code), ...output }
}

function environmentOf (settings: Partial<Deployment>) {
  const { PATH = '', HOME = '' } = process.env
  return { PATH, HOME, ...settings }
}
