import fp from 'fastify-plugin'
import { canonicalUuid } from '../../lib/crypto/uuids.ts'

/**
 * Writes the ids of every request in their one lower-case form before its handler runs: those of the path, the query
 * and the body. A client may send them in capitals (RFC 9562 §4), and below here they are compared as texts.
 */
export default fp(async function writeIdsCanonically (app) {
  app.addHook('onRoute', route => {
    const { params, querystring, body } = route.schema ?? {}
    const names = { params: idNames(params), query: idNames(querystring), body: idNames(body) }
    if (Object.values(names).every(({ length }) => length === 0)) return

    route.preHandler = [route.preHandler ?? []].flat()
    route.preHandler.unshift((request, _reply, done) => {
      writeCanonically(request.params, names.params)
      writeCanonically(request.query, names.query)
      writeCanonically(request.body, names.body)
      done()
    })
  })
}, { name: 'ids' })

/** The properties of a schema that are ids. */
function idNames (schema: unknown): string[] {
  const properties = Object.entries(membersOf(membersOf(schema)['properties']))
  return properties.filter(([, property]) => membersOf(property)['format'] === 'uuid').map(([name]) => name)
}

function writeCanonically (target: unknown, names: string[]) {
  const members = membersOf(target)
  for (const name of names) {
    const id = members[name]
    if (typeof id === 'string') members[name] = canonicalUuid(id) ?? id
  }
}

/** The members of an object, for reading and writing; of anything else, none. */
function membersOf (value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {}
}

function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
