/** Where a request says that it comes from. */
export interface Provenance { method: string, origin: string | undefined, fetchSite: string | undefined }

export type Origins = ReturnType<typeof createOrigins>

/**
 * Which origins may act through a browser: the listed ones and the API's own, which is that of
 * `ISSUER_URL` and never what a Host header says (OWASP CSRF Prevention, "Verifying Origin").
 */
export function createOrigins ({ allowedOrigins, issuer }: { allowedOrigins: string[], issuer: string }) {
  const allowed = new Set([...allowedOrigins, new URL(issuer).origin])

  return { mayAct }

  /**
   * Whether an unsafe request may act. One with an origin that is not allowed never may; one that acts
   * through cookies needs a sign that it is wanted: an allowed origin, or a browser's word that it comes
   * from the API's own pages or from nobody's. `same-site` is no such word.
   */
  function mayAct ({ method, origin, fetchSite }: Provenance, hasCookies: boolean): boolean {
    if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return true
    if (origin !== undefined) return allowed.has(origin)
    return !hasCookies || fetchSite === 'same-origin' || fetchSite === 'none'
  }
}
