import { readCredentialUrl } from './credential-url.ts'

/** libpq's words for TLS: https://www.postgresql.org/docs/current/libpq-ssl.html */
const modes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
export type SslMode = typeof modes[number]

export interface PostgresAddress {
  /** A name, an address, the path of a socket, or nothing for the default socket. */
  host: string
  /** Null if the URL does not say; then the connection is not encrypted. */
  sslmode: SslMode | null
}

/**
 * Reads a `postgres://` URL as far as settings depend on it. Only `sslmode` decides about TLS: the driver knows other
 * parameters (`ssl`, `sslrootcert`, `sslcert`) that would silently replace what `sslmode` and DATABASE_CA_FILE say.
 * @throws Error which says what is wanted and shows nothing of what was given
 */
export function readPostgresAddress (text: string): PostgresAddress {
  const { hostname, searchParams: query } = readCredentialUrl(text, /^postgres(ql)?:\/\/$/, 'a postgres:// URL')
  const foreign = [...query.keys()].some(name => /^(ssl|uselibpqcompat)/i.test(name) && name !== 'sslmode')
  if (foreign) throw new Error('must say how TLS is used by sslmode alone; an authority belongs in DATABASE_CA_FILE')

  const [mode, ...more] = query.getAll('sslmode')
  const sslmode = modes.find(word => word === mode) ?? null
  if (more.length > 0 || (mode !== undefined && sslmode === null)) {
    throw new Error(`must have one sslmode, one of ${modes.join(', ')}`)
  }
  return { host: query.get('host') ?? decodeURIComponent(hostname), sslmode }
}
