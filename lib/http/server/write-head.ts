import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http'

/** What Node's `writeHead` takes as headers: by name, or names and values by turns. */
type Given = OutgoingHttpHeaders | OutgoingHttpHeader[] | undefined

/**
 * A `writeHead` that adds headers which are the same for every answer. A header that the answer sets itself wins.
 *
 * Fastify collects the headers of an answer in one object. From the seventeenth on V8 keeps such an object as a hash
 * table, and each header costs several times as much; so these stay out of it.
 * @param constants by lower-case name
 */
export function writeHeadWith (constants: Readonly<Record<string, string>>) {
  const pairs = Object.entries(constants)

  return function writeHead<R extends ServerResponse> (
    this: R,
    status: number,
    reason?: string | Given,
    more?: Given
  ): R {
    const own = byName(typeof reason === 'string' ? more : reason)
    const headers: OutgoingHttpHeader[] = []
    for (const [name, value] of pairs) {
      if (own[name] === undefined && !this.hasHeader(name)) headers.push(name, value)
    }
    for (const name of Object.keys(own)) headers.push(name, own[name] ?? '')

    if (typeof reason === 'string') this.statusMessage = reason
    return Object.getPrototypeOf(this).writeHead.call(this, status, headers)
  }
}

function byName (given: Given): OutgoingHttpHeaders {
  if (!Array.isArray(given)) return given ?? {}
  return Object.fromEntries(given.flatMap((name, i) => i % 2 === 0 ? [[String(name).toLowerCase(), given[i + 1]]] : []))
}
