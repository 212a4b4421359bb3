import { basename, dirname } from 'node:path'
import type { BuildOptions, Plugin } from 'esbuild'

/** They stay outside a bundle: they look for files beside themselves, are native, or import CommonJS on demand. */
const outsidePackages = [
  '@fastify/cookie', '@fastify/swagger-ui', '@node-rs/argon2', '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/resources', '@opentelemetry/sdk-trace', '@sentry/core', 'argon2', 'pino', 'pino-pretty'
]

/**
 * What stands at the top of each file. CommonJS packages call `require` for node's own modules. pg asks whether this is
 * Cloudflare; without an answer it looks at `Response`, for which Node 20 loads undici (50 ms).
 */
export const banner = `
import { createRequire as requireFrom } from 'node:module'
const require = requireFrom(import.meta.url)
globalThis.navigator ??= { userAgent: 'Node.js' }`

/**
 * Unpacks and merges the lists of words once, which their packages do at each start: a fifth of it. Long lists are in
 * files of their own: as JavaScript, V8 spends 40 ms on a megabyte of them.
 */
export const wordLists: Plugin = {
  name: 'word lists',
  setup ({ onResolve, onLoad }) {
    onLoad({ filter: /lib\/passwords\/word-lists\.ts$/ }, async ({ path }) => {
      const lists = await import(path)
      const texts = Object.entries(lists).map(([name, value]) => {
        return typeof value === 'string' ? fromFile(name) : inline(name, value)
      })
      const contents = ["import { readFileSync } from 'node:fs'", ...texts].join('\n')
      return { contents, resolveDir: dirname(path), pluginData: lists }
    })
    onResolve({ filter: /^words:/ }, ({ path, pluginData }) => {
      return { path: path.replace('words:', ''), namespace: 'words', pluginData }
    })
    onLoad({ filter: /./, namespace: 'words' }, ({ path, pluginData }) => {
      return { contents: pluginData[basename(path, '.txt')], loader: 'file' }
    })
  }
}

function fromFile (name: string) {
  return `import ${name}File from 'words:${name}.txt'
    export const ${name} = readFileSync(new URL(${name}File, import.meta.url), 'utf8')`
}

function inline (name: string, value: unknown) {
  return `export const ${name} = JSON.parse(${JSON.stringify(JSON.stringify(value))})`
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
