import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** The schema of a database. */
export interface SchemaState {
  /** The number of the last migration; 0 for an empty database. */
  version: number
  /** The lowest version of the code that runs on this schema. */
  compatibleWith: number
}

/** In a file such as `024.do.name.sql`: the lowest version of the code that still runs after this migration. */
const header = /^-- compatible-with: (\d+)$/m
/** The statements of an undo that remove rows or what holds them. */
const removals = /^(drop table|alter table \S+\s+drop column|delete from|truncate) [^;]+/gim

/**
 * What a migration says about the code of versions before: `-- compatible-with: 23` in `024.do.name.sql` means that
 * nodes of version 23 go on while those of version 24 start. A file that says nothing serves its own version only.
 * @throws Error if it names a version above its own
 */
export function compatibilityOf (folder: string, version: number): number {
  const name = fileOf(folder, version, 'do')
  const declared = header.exec(textOf(folder, version, 'do'))?.[1]
  if (Number(declared ?? version) > version) throw new Error(`${name} is compatible with no version above ${version}.`)
  return Number(declared ?? version)
}

/** The statements that remove data on the way down from a version to a lower one, each after the name of its file. */
export function removalsOf (folder: string, from: number, to: number): string[] {
  const versions = Array.from({ length: Math.max(0, from - to) }, (_, steps) => from - steps)

  return versions.flatMap(version => {
    const name = fileOf(folder, version, 'undo')
    const statements = textOf(folder, version, 'undo').match(removals) ?? []
    return statements.map(statement => `${name}: ${statement.replace(/\s+/g, ' ')}`)
  })
}

/** Why code cannot run on a schema, in a sentence; null if it can. `expected` is the version that the code knows. */
export function schemaProblem ({ version, compatibleWith }: SchemaState, expected: number): string | null {
  if (version >= expected && compatibleWith <= expected) return null
  if (version > expected) return newerDatabase({ version, compatibleWith }, expected)
  if (version === 0) {
    return 'The database is empty. Run `latchkey migrate` (in development `npm run cli -- migrate`) first.'
  }
  return `The database is at version ${version} and this code needs ${expected}. ` +
    'Run `latchkey migrate` (in development `npm run cli -- migrate`) first.'
}

/** The sentence for a database that only newer code can change, or use. */
export function newerDatabase ({ version, compatibleWith }: SchemaState, newest: number): string {
  return `The database is at version ${version}, which serves code of version ${compatibleWith} and later; ` +
    `this code knows ${newest} at most. Run the newer code, ` +
    `or take the database back with it: \`migrate --to ${newest}\`.`
}

/** The text of a migration. */
export function textOf (folder: string, version: number, action: 'do' | 'undo'): string {
  return readFileSync(join(folder, fileOf(folder, version, action)), 'utf8')
}

function fileOf (folder: string, version: number, action: 'do' | 'undo'): string {
  const start = `${String(version).padStart(3, '0')}.${action}.`
  const name = readdirSync(folder).find(name => name.startsWith(start))
  if (name === undefined) throw new Error(`${start}*.sql is missing in ${folder}.`)
  return name
}
