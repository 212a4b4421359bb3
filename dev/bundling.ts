import type { BuildOptions, Plugin } from 'esbuild'

/** They stay outside a bundle: they look for files beside themselves, are native, or import CommonJS on demand. */
export const outsidePackages = [
  '@fastify/cookie', '@fastify/swagger-ui', '@node-rs/argon2', '@opentelemetry/*', '@sentry/core', 'argon2', 'pino', 'pino-pretty'
]

/**
 * What stands at the top of each file. CommonJS packages call `require` for node's own modules. pg asks whether this is
 * Cloudflare; without an answer it looks at `Response`, for which Node 20 loads undici (50 ms).
 */
export const banner = `
import { createRequire as requireFrom } from 'node:module'
const require = requireFrom(import.meta.url)
globalThis.navigator ??= { userAgent: 'Node.js' }`

/** Unpacks and merges the lists of words once, which their packages do at each start: a fifth of it. */
export const wordLists: Plugin = {
  name: 'word lists',
  setup ({ onLoad }) {
    onLoad({ filter: /lib\/passwords\/word-lists\.ts$/ }, async ({ path }) => ({
      contents: Object.entries(await import(path))
        .map(([name, value]) => `export const ${name} = ${isListOfWords(value) ? joined(value) : parsed(value)}`)
        .join('\n')
    }))
  }
}

function isListOfWords (value: unknown): value is string[] {
  if (!Array.isArray(value) || value.length === 0) return false
  return value.every(word => typeof word === 'string' && !word.includes('\n'))
}

// Apart again in a third of the time that JSON takes.
function joined (words: string[]) {
  return `${JSON.stringify(words.join('\n'))}.split('\\n')`
}

function parsed (value: unknown) {
  return `JSON.parse(${JSON.stringify(JSON.stringify(value))})`
}

/** What all our bundles for Node have in common. Modules that several programs need are in files that these share. */
export const forNode = {
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: 'linked',
  sourcesContent: false,
  external: outsidePackages,
  banner: { js: banner },
  logLevel: 'error'
} satisfies BuildOptions
