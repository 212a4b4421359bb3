type Compiled = ((value: unknown) => unknown) & { errors?: unknown }
type Compile = (route: { schema?: unknown }) => Compiled
type Build = (...options: unknown[]) => Compile

/** What Fastify calls `compilersFactory`: they make compilers of schemas, for what arrives and for what is answered. */
export interface CompilerFactories { buildValidator: Build, buildSerializer: Build }

/**
 * The same compilers with less to do, because they were the largest part of a start: a schema is compiled when the
 * first value needs it, and once for all routes that share it. A schema that cannot be compiled therefore makes its
 * first request fail and not the start: a test compiles those of all routes.
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
  const compiled = new Map<string, Compiled>()
  return route => lookUp(compiled, JSON.stringify(route.schema), () => atFirstUse(() => compile(route)))
}

function atFirstUse (compile: () => Compiled): Compiled {
  let compiled: Compiled | undefined
  const use: Compiled = value => {
    compiled ??= compile()
    const result = compiled(value)
    // Fastify reads from the function what was wrong with the value.
    if (result === false) use.errors = compiled.errors
    return result
  }
  return use
}

function lookUp<T> (known: Map<string, T>, key: string, make: () => T): T {
  const found = known.get(key) ?? make()
  known.set(key, found)
  return found
}
