/** How to reach a server: a URL without what is said beside it, and the options of TLS. */
export interface Reach { connectionString: string, ssl: false | { rejectUnauthorized: boolean, ca?: string, checkServerIdentity?: () => undefined } }

/**
 * TLS by libpq's `sslmode`: `require` and `prefer` encrypt, `verify-ca` also knows the authority and
 * `verify-full` the name. Whoever names an authority (PEM) wants both checked, whatever the URL says.
 */
export function reach (url: string, authority: string | null): Reach {
  const target = new URL(url)
  const mode = target.searchParams.get('sslmode')
  target.searchParams.delete('sslmode')
  const connectionString = target.href
  const ca = authority === null ? {} : { ca: authority }

  if (mode === 'disable' || (mode === null && authority === null)) return { connectionString, ssl: false }
  if (mode === 'verify-full' || authority !== null) return { connectionString, ssl: { rejectUnauthorized: true, ...ca } }
  if (mode === 'verify-ca') return { connectionString, ssl: { rejectUnauthorized: true, checkServerIdentity: () => undefined } }
  return { connectionString, ssl: { rejectUnauthorized: false } }
}
