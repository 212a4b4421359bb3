/**
 * Reads a URL that may carry a user and a password. A password with a raw `/`, `?` or `#` would be cut at that place
 * and its rest taken for a path or a host, so such a text is refused.
 * @param wanted completes the sentence `must be …`
 * @throws Error which says what is wanted and shows nothing of what was given
 */
export function readCredentialUrl (text: string, scheme: RegExp, wanted: string): URL {
  const [, start = '', authority = '', rest = ''] = /^([a-z]+:\/\/)([^/?#]*)(.*)$/is.exec(text) ?? []
  if (!scheme.test(start) || /\s/.test(text) || authority + rest === '') throw new Error(`must be ${wanted}`)

  const [path = ''] = rest.split('?')
  const isCut = rest.includes('#') || path.includes('@') || (rest.includes('@') && !authority.includes('@'))
  if (isCut || !URL.canParse(text)) throw new Error(`must be ${wanted}; ${advice}`)

  const url = new URL(text)
  const names = [...url.searchParams.keys()]
  if (![url.username, url.password, url.hostname, url.pathname].every(isDecodable)) throw new Error(`cannot be read: ${advice}`)
  if (!names.every(name => /^[\w.]+$/.test(name))) throw new Error(`has a query that cannot be read: ${advice}`)
  return url
}

const advice = 'write / ? # @ % in its user and password percent-encoded (%2F %3F %23 %40 %25)'

function isDecodable (text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
