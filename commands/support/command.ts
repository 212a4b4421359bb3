import type { Readable, Writable } from 'node:stream'
import type { ParseArgsConfig } from 'node:util'
import type { Environment } from '../../lib/config/config.ts'

/** The result of a command: for a person, and for a machine (`--json`). */
export interface Result {
  /** Nothing is printed for an empty text. */
  text: string
  data: object
  /** A part of the work was refused: the process exits with 1. */
  isPartial?: boolean
  /** What the process exits with, where the command says more than done or failed. */
  exitCode?: 0 | 1 | 2
}

/** `values` are the options as `parseArgs` read them. */
export interface Input { positionals: string[], values: Record<string, unknown> }

/** Standard input: a terminal, a pipe or a file. */
export interface StandardInput extends Readable { isTTY?: boolean, setRawMode? (isRaw: boolean): unknown }

/** Standard output or standard error: a terminal, whose width is known, or a pipe or file. */
export interface StandardOutput extends Writable { isTTY?: boolean, columns?: number, hasColors? (): boolean }

/** What a command uses of its process; a process itself is one. */
export interface Surroundings {
  env: Environment
  stdin: StandardInput
  stdout: StandardOutput
  stderr: StandardOutput
}

/** One command of the command line. */
export interface Command {
  /** Its name, arguments and options. */
  usage: string
  help: string
  options: NonNullable<ParseArgsConfig['options']>
  /** How many arguments it takes. */
  positionals: number
  /** Runs it. The message of an error is printed in one line, without a stack. */
  run (input: Input, surroundings: Surroundings): Promise<Result>
}

/** The command was called with wrong arguments or options. Ends the process with exit code 2. */
export class UsageError extends Error {}
