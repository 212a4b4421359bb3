import type { ParseArgsConfig } from 'node:util'

/** What a command has to say in the end: to a person, and to a machine (`--json`). */
export interface Result {
  /** Nothing is printed for nothing. */
  text: string
  data: object
  /** It has been done as far as it went, and something has been refused: the process exits with 1. */
  isPartial?: boolean
}

/** `values` are the options as `parseArgs` read them. */
export interface Input { positionals: string[], values: Record<string, unknown> }

/** One thing an operator may ask for. */
export interface Command {
  /** Its name, arguments and options. */
  usage: string
  help: string
  options: NonNullable<ParseArgsConfig['options']>
  /** How many arguments it takes. */
  positionals: number
  /** Does it. What it throws is told in a line, without a stack. */
  run (input: Input): Promise<Result>
}

/** The command was called wrongly: exit code 2. */
export class UsageError extends Error {}
