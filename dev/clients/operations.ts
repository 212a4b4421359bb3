export interface Document {
  paths?: Record<string, object | undefined>
}

/** An operation that apps call: its name and its route, `POST /auth/register`. */
export interface AppOperation<Operation = { operationId: string }> { name: string, route: string, operation: Operation }

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
export function renderOperations (document: Document): string {
  const routes = appOperations(document)
  const mine = routes.filter(({ route }) => route.includes(' /auth/'))
  const others = routes.filter(({ route }) => !route.includes(' /auth/'))

  return banner + `${render('accountOperations', mine)}\n${render('adminOperations', others)}`
}

/** The operations of an OpenAPI document that apps call. */
export function appOperations ({ paths = {} }: Document): AppOperation[] {
  return Object.entries(paths).flatMap(([path, item]) => operationsAt(path, item ?? {}))
}

function operationsAt (path: string, item: object): AppOperation[] {
  const [, local] = /^\/api\/v1(\/.*)$/.exec(path) ?? []
  if (local === undefined) return []
  return Object.entries(item)
    .map(([method, operation]: [string, { operationId: string }]) => (
      { name: operation.operationId, route: `${method.toUpperCase()} ${local}`, operation }
    ))
    .filter(({ name }) => !leftOut.has(name))
}

function render (name: string, routes: { name: string, route: string }[]) {
  return `export const ${name} = {\n${routes.map(({ name, route }) => `  ${name}: '${route}'`).join(',\n')}\n}\n`
}
