import fp from 'fastify-plugin'
import { canonicalUuid } from '../../lib/crypto/uuids.ts'
import { canonicalLine } from '../../lib/formats/one-line.ts'

/** The canonical form of a text, by the format that a schema gives it. A text without one stays as it is. */
const forms: Readonly<Record<string, (text: string) => string>> = {
  // A client may send an id in capitals (RFC 9562 §4), and below here ids are compared as texts.
  uuid: text => canonicalUuid(text) ?? text,
  line: canonicalLine
}

type Field = [name: string, canonicalise: (text: string) => string]

/**
 * Writes the ids, names and other lines of every request in their one form, before they are validated: those of the
 * path, the query and the body.
 */
export default fp(async function writeCanonicalForms (app) {
  app.addHook('onRoute', route => {
    const { params, querystring, body } = route.schema ?? {}
    const fields = { params: fieldsOf(params), query: fieldsOf(querystring), body: fieldsOf(body) }
    if (Object.values(fields).every(({ length }) => length === 0)) return

    route.preValidation = [route.preValidation ?? []].flat()
    route.preValidation.unshift((request, _reply, done) => {
      canonicalise(request.params, fields.params)
      canonicalise(request.query, fields.query)
      canonicalise(request.body, fields.body)
      done()
    })
  })
}, { name: 'canonical-forms' })

/** The properties of a schema, or of its alternatives, that have a canonical form. */
function fieldsOf (schema: unknown): Field[] {
  const { properties, anyOf } = membersOf(schema)
  const own = Object.entries(membersOf(properties)).flatMap(([name, property]): Field[] => {
    const form = forms[String(membersOf(property)['format'])]
    return form === undefined ? [] : [[name, form]]
  })
  return [...own, ...(Array.isArray(anyOf) ? anyOf.flatMap(fieldsOf) : [])]
}

function canonicalise (target: unknown, fields: Field[]) {
  const members = membersOf(target)
  for (const [name, form] of fields) {
    const text = members[name]
    if (typeof text === 'string') members[name] = form(text)
  }
}

/** The members of an object, for reading and writing; of anything else, none. */
function membersOf (value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {}
}

function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
