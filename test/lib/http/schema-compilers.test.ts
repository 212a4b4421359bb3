import { AjvCompiler } from '@fastify/ajv-compiler'
import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'
import Fastify from 'fastify'
import t from 'tap'
import { shareCompiled } from '../../../lib/http/schema-compilers.ts'
import { deploy, start } from '../../support/helper.ts'
import { buildHttp } from '../../support/http.ts'

t.test('a schema is compiled once for the same options, when the first value needs it', async t => {
  const compiled: unknown[] = []
  const build = (...options: unknown[]) => (route: { schema?: unknown }) => {
    compiled.push(route.schema)
    return (value: unknown) => ({ value, by: options })
  }
  const { buildValidator, buildSerializer } = shareCompiled({ buildValidator: build, buildSerializer: build })
  const shared = { type: 'object' }

  const validate = buildValidator({}, {})
  t.equal(validate({ schema: shared }), validate({ schema: { type: 'object' } }))
  t.not(validate({ schema: shared }), buildValidator({}, { strict: true })({ schema: shared }), 'other options')
  t.equal(buildSerializer({})({ schema: shared }), buildSerializer({})({ schema: shared }))
  t.strictSame(compiled, [], 'nothing needs one yet')

  for (const value of [1, 2]) t.strictSame(validate({ schema: shared })(value), { value, by: [{}, {}] })
  t.strictSame(compiled, [shared])
  t.strictSame(buildValidator({}, { strict: true })({ schema: shared })(3), { value: 3, by: [{}, { strict: true }] })
  t.strictSame(buildSerializer({})({ schema: shared })(4), { value: 4, by: [{}] })
  t.strictSame(compiled, [shared, shared, shared])
})

t.test('what was wrong with the last value can be read from its validator', async t => {
  const validator = Object.assign((value: unknown) => { validator.errors = [value]; return value === 'good' }, { errors: [] as unknown[] })
  const own = shareCompiled({ buildValidator: () => () => validator, buildSerializer: () => () => String })
  const validate = own.buildValidator()({})

  t.strictSame([validate('bad'), validate.errors], [false, ['bad']])
  t.strictSame([validate('worse'), validate.errors], [false, ['worse']])
  t.equal(validate('good'), true)
})

t.test('the schemas of all routes can be compiled: Fastify’s own compilers do it at the start', async t => {
  const compilers = { buildValidator: AjvCompiler(), buildSerializer: SerializerSelector() }
  const app = await start(t, await deploy(t, { DOCS_ENABLED: 'true' }), { workers: false, compilers })
  t.equal((await app.inject('/health/live')).statusCode, 200)

  const broken = Fastify({ schemaController: { compilersFactory: compilers } })
  broken.get('/', { schema: { response: { 200: { type: 'nonsense' } } } }, async () => ({}))
  await t.rejects(async () => await broken.ready(), /schema is invalid/, 'and refuse one that cannot be')
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
