import { AjvCompiler } from '@fastify/ajv-compiler'
import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'
import type { FastifyServerOptions } from 'fastify'

type Compilers = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>
type Compile = (route: { schema?: unknown }) => unknown
type Build = (...options: unknown[]) => Compile

/**
 * Fastify's own compilers, changed to compile a schema once for all nodes of a process, because compiling is most of
 * the cost of a start. Their results depend on nothing but the schema and the options.
 */
export const compilersFactory = {
  buildValidator: once(AjvCompiler() as Build),
  buildSerializer: once(SerializerSelector() as Build)
} as Compilers

function once (build: Build): Build {
  const known = new Map<string, Compile>()

  return (...options) => {
    const key = JSON.stringify(options)
    const compile = known.get(key) ?? remember(build(...options))
    known.set(key, compile)
    return compile
  }
}

function remember (compile: Compile): Compile {
  const made = new Map<string, unknown>()

  return route => {
    const key = JSON.stringify(route.schema)
    const result = made.get(key) ?? compile(route)
    made.set(key, result)
    return result
  }
}
