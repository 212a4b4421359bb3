/**
 * Settings of a session in Postgres that our statements rely on, and which a database or a role may have changed:
 * timestamps are read as ISO, no policy makes a statement of the server fail, and each statement of a transaction sees
 * what was committed before it.
 */
export const reliedSettings = {
  DateStyle: 'ISO',
  row_security: 'on',
  default_transaction_isolation: 'read committed'
} as const

/**
 * Makes the settings hold for every connection that is opened with a URL, as options of the start of a session. Options
 * that the URL has itself are kept, except for these. A pooler refuses them.
 * @returns the URL without its options, and the options
 */
export function withReliedSettings (url: string): { url: string, options: string } {
  const target = new URL(url)
  const given = target.searchParams.getAll('options')
  target.searchParams.delete('options')

  const relied = Object.entries(reliedSettings).map(([name, value]) => `-c ${name}=${value.replaceAll(' ', '\\ ')}`)
  return { url: target.href, options: [...given, ...relied].join(' ') }
}
