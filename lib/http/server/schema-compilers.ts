type Compile = (route: { schema?: unknown }) => unknown
type Build = (...options: unknown[]) => Compile

/** What Fastify calls `compilersFactory`: they make compilers of schemas, for what arrives and for what is answered. */
export interface CompilerFactories { buildValidator: Build, buildSerializer: Build }

/**
 * The same compilers with less to do, because they are a large part of the cost of a start: a schema that several
 * routes share is compiled once.
 */
export function shareCompiled ({ buildValidator, buildSerializer }: CompilerFactories): CompilerFactories {
  return { buildValidator: once(buildValidator), buildSerializer: once(buildSerializer) }
}

function once (build: Build): Build {
  const compilers = new Map<string, Compile>()
  return (...options) => lookUp(compilers, JSON.stringify(options), () => compileOnce(build(...options)))
}

// What is compiled depends on nothing but the schema and the options.
function compileOnce (compile: Compile): Compile {
  const compiled = new Map<string, unknown>()
  return route => lookUp(compiled, JSON.stringify(route.schema), () => compile(route))
}

function lookUp<T> (known: Map<string, T>, key: string, make: () => T): T {
  const found = known.get(key) ?? make()
  known.set(key, found)
  return found
}
