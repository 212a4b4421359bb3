type Compile = (route: { schema?: unknown, httpStatus?: string }) => unknown
type Build = (...options: unknown[]) => Compile

/** What Fastify calls `compilersFactory`: they make compilers of schemas, for what arrives and for what is answered. */
export interface CompilerFactories { buildValidator: Build, buildSerializer: Build }

/**
 * The same compilers with less to do, because they are most of the cost of a start: a schema that several routes share
 * is compiled once, and that of a refusal not at all, because the handler of errors sends text.
 */
export function shareCompiled ({ buildValidator, buildSerializer }: CompilerFactories): CompilerFactories {
  return { buildValidator: once(buildValidator), buildSerializer: once(exceptRefusals(buildSerializer)) }
}

function exceptRefusals (build: Build): Build {
  return (...options) => {
    const compile = build(...options)
    return route => isRefusal(route) ? JSON.stringify : compile(route)
  }
}

function once (build: Build): Build {
  const compilers = new Map<string, Compile>()
  return (...options) => lookUp(compilers, JSON.stringify(options), () => compileOnce(build(...options)))
}

// What is compiled depends on nothing but the schema and the options. A refusal may have the schema of an answer.
function compileOnce (compile: Compile): Compile {
  const compiled = new Map<string, unknown>()
  return route => lookUp(compiled, JSON.stringify([route.schema, isRefusal(route)]), () => compile(route))
}

const isRefusal = ({ httpStatus }: Parameters<Compile>[0]) => Number(httpStatus) >= 400

function lookUp<T> (known: Map<string, T>, key: string, make: () => T): T {
  const found = known.get(key) ?? make()
  known.set(key, found)
  return found
}
