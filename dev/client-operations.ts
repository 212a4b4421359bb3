interface Document {
  paths?: Record<string, object | undefined>
}

const banner = '// Made by `npm run client` from what the server says at /docs/json. Do not edit.\n\n'

/** What apps do not call: other names of a call, calls of the session itself, and calls of services and operators. */
const leftOut = new Set([
  'signup', 'replaceUser', 'getDashboardStatistics',
  'login', 'logout', 'refresh',
  'check', 'introspect', 'revoke', 'getRevocations'
])

/**
 * The routes of an OpenAPI document by operation, for clients/javascript: those of the signed-in user, and those of
 * administration. What stands outside of the API's prefix is left out.
 */
export function renderOperations ({ paths = {} }: Document): string {
  const routes = Object.entries(paths).flatMap(([path, item]) => routesOf(path, item ?? {}))
  const mine = routes.filter(({ route }) => route.includes(' /auth/'))
  const others = routes.filter(({ route }) => !route.includes(' /auth/'))

  return banner + `${render('accountOperations', mine)}\n${render('adminOperations', others)}`
}

function routesOf (path: string, item: object) {
  const [, local] = /^\/api\/v1(\/.*)$/.exec(path) ?? []
  if (local === undefined) return []
  return Object.entries(item)
    .map(([method, { operationId }]: [string, { operationId: string }]) => ({ name: operationId, route: `${method.toUpperCase()} ${local}` }))
    .filter(({ name }) => !leftOut.has(name))
}

function render (name: string, routes: { name: string, route: string }[]) {
  return `export const ${name} = {\n${routes.map(({ name, route }) => `  ${name}: '${route}'`).join(',\n')}\n}\n`
}
