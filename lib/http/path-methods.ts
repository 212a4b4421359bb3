/** Patterns are compared with this many characters of a path. */
const pathLengthMax = 2048

/** The methods that each path supports, for the Allow header of a 405. It is asked only if no route was found. */
export function createPathMethods () {
  const known = new Map<string, { form: RegExp, methods: Set<string> }>()

  return { add, allowed }

  /** Adds a route. `pattern` has the form of the router: `/users/:id`, `/docs/*`. */
  function add (pattern: string, methods: string[]) {
    if (pattern === '*' || pattern === '/*') return
    const path = pattern.length > 1 ? pattern.replace(/\/$/, '') : pattern
    const entry = known.get(path) ?? { form: formOf(path), methods: new Set<string>() }

    for (const method of methods) entry.methods.add(method)
    known.set(path, entry)
  }

  /** The methods of a URL's path, sorted; empty if the path is unknown. */
  function allowed (url: string): string[] {
    const path = (/^[^?#]*/.exec(url)?.[0] ?? '').slice(0, pathLengthMax)
    const methods = new Set<string>()

    for (const { form, methods: found } of known.values()) {
      if (form.test(path)) for (const method of found) methods.add(method)
    }
    return [...methods].sort()
  }
}

function formOf (pattern: string) {
  const source = pattern.split('/').map(segment => {
    if (segment.startsWith(':')) return '[^/]+'
    if (segment === '*') return '.*'
    return segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  }).join('/')
  return new RegExp(`^${source}/?$`)
}
