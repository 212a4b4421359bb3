/** How to reach a server: its URL without `sslmode`, and the options of TLS. */
export interface Reach {
  connectionString: string
  ssl: false | { rejectUnauthorized: boolean, ca?: string, checkServerIdentity?: () => undefined }
}

/**
 * TLS by libpq's `sslmode`: `require` and `prefer` encrypt, `verify-ca` also verifies the authority, and `verify-full`
 * the name as well.
 * @param authority a certificate (PEM); if it is given, authority and name are verified whatever the URL says
 */
export function reach (url: string, authority: string | null): Reach {
  const target = new URL(url)
  const mode = target.searchParams.get('sslmode')
  target.searchParams.delete('sslmode')
  const connectionString = target.href
  const ca = authority === null ? {} : { ca: authority }

  if (mode === 'disable' || (mode === null && authority === null)) return { connectionString, ssl: false }
  if (mode === 'verify-full' || authority !== null) {
    return { connectionString, ssl: { rejectUnauthorized: true, ...ca } }
  }
  if (mode === 'verify-ca') {
    return { connectionString, ssl: { rejectUnauthorized: true, checkServerIdentity: () => undefined } }
  }
  return { connectionString, ssl: { rejectUnauthorized: false } }
}
