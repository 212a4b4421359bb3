/** The method of a request, and what its headers say about the page that sent it. */
export interface Provenance { method: string, origin: string | undefined, fetchSite: string | undefined }

/** Whether requests with this method change nothing (RFC 9110 §9.2.1). Their bodies are not read. */
export const isSafe = (method: string) => method === 'GET' || method === 'HEAD' || method === 'OPTIONS'

/**
 * Which origins may act through a browser: the listed ones and the API's own. That is the origin of `ISSUER_URL`, never
 * the one of a Host header (OWASP CSRF Prevention, "Verifying Origin").
 */
export function createOrigins ({ allowedOrigins, issuer }: { allowedOrigins: string[], issuer: string }) {
  const allowed = new Set([...allowedOrigins, new URL(issuer).origin])

  return { mayAct }

  /**
   * Whether a request may act. A safe method always may. An unsafe request with an origin that is not allowed never
   * may. An unsafe request with cookies needs proof that the user wants it: an allowed origin, or Sec-Fetch-Site
   * `same-origin` (a page of the API's own) or `none` (no page). `same-site` is no proof.
   */
  function mayAct ({ method, origin, fetchSite }: Provenance, hasCookies: boolean): boolean {
    if (isSafe(method)) return true
    if (origin !== undefined) return allowed.has(origin)
    return !hasCookies || fetchSite === 'same-origin' || fetchSite === 'none'
  }
}
