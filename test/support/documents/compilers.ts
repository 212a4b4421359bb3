import { createCompilers } from '../../../plugins/http/server.ts'

/** What Fastify calls, whose types differ for each kind of schema. */
type Build = (schemas: unknown, options: { customOptions?: object }) => unknown

const { buildValidator, ...others } = createCompilers()
const build = buildValidator as Build

/** Compiles a schema once for all nodes of a process. Throws an error for one that is none. */
export const compilersFactory = {
  ...others,
  buildValidator: ((schemas, options) => {
    return build(schemas, { ...options, customOptions: { ...options.customOptions, validateSchema: true } })
  }) satisfies Build
} as ReturnType<typeof createCompilers>
