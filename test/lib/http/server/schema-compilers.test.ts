import Fastify from 'fastify'
import t from 'tap'
import { shareCompiled } from '../../../../lib/http/server/schema-compilers.ts'
import { compilersFactory } from '../../../support/documents/compilers.ts'
import { buildHttp } from '../../../support/http.ts'

t.test('a schema is compiled once for the same options', async t => {
  const compiled: unknown[] = []
  const build = () => (route: { schema?: unknown }) => {
    compiled.push(route.schema)
    return () => 'compiled'
  }
  const { buildValidator, buildSerializer } = shareCompiled({ buildValidator: build, buildSerializer: build })
  const shared = { type: 'object' }

  const validate = buildValidator({}, {})
  t.equal(validate({ schema: shared }), validate({ schema: { type: 'object' } }))
  t.not(validate({ schema: shared }), buildValidator({}, { strict: true })({ schema: shared }), 'other options')
  t.same(compiled, [shared, shared])

  t.equal(buildSerializer({})({ schema: shared }), buildSerializer({})({ schema: shared }))
  t.equal(compiled.length, 3)
})

t.test('an answer has what its schema names, and its body is checked by its own', async t => {
  const schema = (name: string) => ({ type: 'object', required: [name], properties: { [name]: { type: 'string' } } })
  const { app } = await buildHttp(t, app => {
    for (const name of ['a', 'b']) {
      app.post(`/${name}`, { schema: { body: schema(name), response: { 200: schema(name) } } }, async () => ({ a: '1', b: '2' }))
    }
  })

  for (const [name, other] of [['a', 'b'], ['b', 'a']] as const) {
    const ask = async (payload: object) => await app.inject({ method: 'POST', url: `/${name}`, payload })
    t.same(Object.keys((await ask({ [name]: 'x' })).json()), [name])
    t.equal((await ask({ [other]: 'x' })).statusCode, 422)
  }
})

t.test('under test a schema that is none is an error, though at a start nobody looks', async t => {
  const app = Fastify({ schemaController: { compilersFactory }, ajv: { customOptions: { validateSchema: false } } })
  t.teardown(() => app.close())

  app.post('/', { schema: { body: { type: 'object', maxProperties: 'few' } } }, async () => ({}))
  await t.rejects(async () => await app.ready(), /maxProperties must be integer/)
})
