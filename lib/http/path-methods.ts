/** The methods that paths answer, for the 405 of those they do not. Asked only where no route was found. */
export function createPathMethods () {
  const known = new Map<string, { form: RegExp, methods: Set<string> }>()

  return { add, allowed }

  /** Notes a route; `pattern` is written as the router takes it: `/users/:id`, `/docs/*`. */
  function add (pattern: string, methods: string[]) {
    if (pattern === '*' || pattern === '/*') return
    const path = pattern.length > 1 ? pattern.replace(/\/$/, '') : pattern
    const entry = known.get(path) ?? { form: formOf(path), methods: new Set<string>() }

    for (const method of methods) entry.methods.add(method)
    known.set(path, entry)
  }

  /** The methods of a URL's path, sorted; none when nobody knows the path. */
  function allowed (url: string): string[] {
    const path = (/^[^?#]*/.exec(url)?.[0] ?? '').slice(0, 2048)
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
