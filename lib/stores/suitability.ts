import type { Query } from './database.ts'
import { reliedSettings } from './relied-settings.ts'

interface Found {
  encoding: string
  dateStyle: string
  rowSecurity: string
  isolation: string
  /** The schema of the extension pg_trgm, if it is installed where no statement of ours finds it. */
  trigramsIn: string | null
}

/**
 * Checks what statements rely on and what would otherwise show as errors later. Asks for nothing of ours, so an empty
 * database can be checked as well.
 * @throws Error with a sentence for each thing that is wrong, and what to do about it
 */
export async function assertSuitable (db: Query): Promise<void> {
  const [found] = await db<Found>`
    select
      current_setting('server_encoding') as encoding,
      current_setting('DateStyle') as date_style,
      current_setting('row_security') as row_security,
      current_setting('default_transaction_isolation') as isolation,
      (
        select n.nspname::text
        from pg_extension e
        join pg_namespace n on n.oid = e.extnamespace
        where e.extname = 'pg_trgm'
          and n.nspname <> all (current_schemas(true))
      ) as trigrams_in`
  const problems = found === undefined ? [] : problemsOf(found)
  if (problems.length > 0) throw new Error(problems.join('\n'))
}

function problemsOf ({ encoding, dateStyle, rowSecurity, isolation, trigramsIn }: Found): string[] {
  const { DateStyle, row_security: security, default_transaction_isolation: level } = reliedSettings
  return [
    encoding !== 'UTF8' && `The database is encoded in ${encoding} and must be in UTF8: move it into one that is made ` +
      'with `create database … encoding \'UTF8\' template template0`.',
    wrongSetting('DateStyle', dateStyle.split(',')[0], DateStyle),
    wrongSetting('row_security', rowSecurity, security),
    wrongSetting('default_transaction_isolation', isolation, level),
    trigramsIn !== null && `The extension pg_trgm is in the schema ${trigramsIn}, where it is not found: ` +
      `\`alter database … set search_path = public, ${trigramsIn}\`, ` +
      'or as a superuser `alter extension pg_trgm set schema public`.'
  ].filter(problem => problem !== false)
}

function wrongSetting (name: string, found: string | undefined, wanted: string): string | false {
  return found !== wanted &&
    `${name} is ${found} and must be ${wanted}: \`alter role … set ${name} = '${wanted}'\` for the role of the URL.`
}
