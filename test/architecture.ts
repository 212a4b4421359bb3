import { basename, posix } from 'node:path'
import ts from 'typescript'

/** One import of a file: a path from the root of the repository, or the name of a library. */
export interface Import { target: string, isType: boolean }

/** What the layers may import (by value, or as types only), as beginnings of paths and names of libraries. */
const layers: { name: string, owns: RegExp, values: RegExp, types: RegExp }[] = [
  { name: 'a store', owns: /^lib\/(stores\/|.*-store\.ts$)/, values: /^(lib\/stores\/|lib\/.*-store\.ts$|lib\/errors\.ts$|node:(?!process)|postgrator$)/, types: /^(lib\/|pg$|ioredis$)/ },
  { name: 'lib', owns: /^lib\//, values: /^(lib\/(?!stores\/|.*-store\.ts$)|node:(?!process)|@sinclair\/typebox|@zxcvbn-ts\/|postgrator$|@fastify\/error$)/, types: /^(lib\/|(?!fastify$|@fastify\/|fastify-plugin$|.*\.ts$)[@a-z])/ },
  { name: 'a feature', owns: /^plugins\/[a-z]+\/index\.ts$/, values: /^(plugins\/|fastify-plugin$)/, types: /^(plugins\/feature\.ts$)/ },
  { name: 'plugins', owns: /^plugins\//, values: /^(lib\/|node:(?!process)|(?!fastify$|@sinclair\/|.*\.ts$)[@a-z][^:/]*(\/[^/.]+)?$)/, types: /^(lib\/|fastify$|(?!.*\.ts$)[@a-z])/ },
  { name: 'routes', owns: /^routes\//, values: /^(routes\/|@sinclair\/typebox$)/, types: /^(lib\/|fastify$|@fastify\/type-provider-typebox$|@sinclair\/typebox$)/ },
  { name: 'app.ts', owns: /^app\.ts$/, values: /^(plugins\/[a-z]+\/index\.ts$|routes\/|fastify-plugin$)/, types: /^(lib\/|plugins\/feature\.ts$|fastify$)/ },
  { name: 'server.ts', owns: /^server\.ts$/, values: /^(app\.ts$|lib\/|node:|fastify$|pino$|close-with-grace$)/, types: /^(lib\/|fastify$)/ },
  { name: 'cli.ts', owns: /^cli\.ts$/, values: /^(commands\/|lib\/errors\.ts$|node:)/, types: /^(commands\/|lib\/)/ },
  // `migrate` must work where the app refuses to start: before the schema fits.
  { name: 'commands', owns: /^commands\//, values: /^(commands\/|app\.ts$|lib\/(?!stores\/|.*-store\.ts$)|plugins\/|node:|fastify$)/, types: /^(commands\/|lib\/|plugins\/|fastify$)/ }
]

/** The floors of lib, the ground first: a folder imports only folders of lower floors, types included. */
export const floors = [
  ['bounded-map.ts', 'clock.ts', 'errors.ts', 'config', 'crypto', 'formats'], ['stores'], ['operations', 'changes', 'users'], ['http', 'jobs'], ['audit'], ['keys', 'passwords'],
  ['throttling', 'tokens'], ['sessions', 'mail', 'access'], ['accounts', 'transfers', 'oauth'], ['administration'], ['organisations']
]

/** Libraries that more than one file may import, because they are the frame or pure; every other one has one owner. */
const shared = /^(node:.*|fastify|fastify-plugin|@sinclair\/typebox.*|@zxcvbn-ts\/.*)$/

/** Plugins that are two libraries with one purpose. */
const pairs = new Set(['plugins/http/docs.ts', 'plugins/passwords/hasher.ts'])

const readsEnvironment = /^(server\.ts|commands\/with-app\.ts|dev\/|test\/|bench\/)/

/**
 * What in a tree breaks the table of layers: `files` are texts by path from the root. Each violation is
 * a sentence that begins with the path.
 */
export function findViolations (files: ReadonlyMap<string, string>): string[] {
  const imports = new Map([...files].map(([path, text]) => [path, importsOf(path, text)]))

  return [
    ...[...imports].flatMap(([path, found]) => found.flatMap(entry => judge(path, entry))),
    ...[...imports].flatMap(([path, found]) => found.flatMap(entry => climb(path, entry))),
    ...[...imports].flatMap(([path, found]) => found.flatMap(entry => trespass(path, entry))),
    ...secondOwners(imports),
    ...cycles(imports),
    ...[...files].flatMap(([path, text]) => environmentReaders(path, text)),
    ...[...files].flatMap(([path, text]) => misnamedPlugins(path, text))
  ]
}

function judge (path: string, { target, isType }: Import): string[] {
  const layer = layers.find(({ owns }) => owns.test(path))
  if (layer === undefined || layer.values.test(target) || (isType && layer.types.test(target))) return []
  return [`${path} imports ${target}${isType ? ' (types)' : ''}, which ${layer.name} may not`]
}

function climb (path: string, { target }: Import): string[] {
  const [from, to] = [path, target].map(file => /^lib\/([^/]+)/.exec(file)?.[1])
  if (from === undefined || to === undefined || from === to) return []
  return floorOf(to) < floorOf(from) ? [] : [`${path} imports ${target}: ${to} is not below ${from}`]
}

/** The index of a feature wires its own folder, nobody else's. */
function trespass (path: string, { target }: Import): string[] {
  if (!isFeature.test(path) || !target.startsWith('plugins/') || target === 'plugins/feature.ts') return []
  return posix.dirname(target) === posix.dirname(path) ? [] : [`${path} imports ${target}, which belongs to another feature`]
}

const isFeature = /^plugins\/[a-z]+\/index\.ts$/

const floorOf = (folder: string) => floors.findIndex(names => names.includes(folder))

/** A vendor library belongs to one file, and a plugin owns one vendor library. */
function secondOwners (imports: Map<string, Import[]>): string[] {
  const owners = new Map<string, Set<string>>()
  const owned = new Map<string, Set<string>>()

  for (const [path, found] of imports) {
    if (layers.every(({ owns }) => !owns.test(path))) continue
    for (const { target, isType } of found) {
      if (isType || isPath(target) || shared.test(target)) continue
      owners.set(target, (owners.get(target) ?? new Set()).add(path))
      owned.set(path, (owned.get(path) ?? new Set()).add(target))
    }
  }
  return [
    ...[...owners].filter(([, paths]) => paths.size > 1).map(([library, paths]) => `${[...paths].join(' and ')} both own ${library}`),
    ...[...owned].filter(([path, libraries]) => path.startsWith('plugins/') && libraries.size > 1 && !pairs.has(path)).map(([path, libraries]) => `${path} owns ${[...libraries].join(' and ')}`)
  ]
}

/** Circles of imports by value; types vanish and may point both ways. */
function cycles (imports: Map<string, Import[]>): string[] {
  const done = new Set<string>()
  const found: string[] = []

  function visit (path: string, trail: string[]) {
    if (trail.includes(path)) found.push(`${path} is in a circle: ${[...trail.slice(trail.indexOf(path)), path].join(' → ')}`)
    if (done.has(path)) return
    done.add(path)
    for (const { target, isType } of imports.get(path) ?? []) if (!isType && isPath(target)) visit(target, [...trail, path])
  }
  for (const path of imports.keys()) visit(path, [])
  return found
}

function environmentReaders (path: string, text: string): string[] {
  return !readsEnvironment.test(path) && /\bprocess\s*(\?\.|\.)\s*env\b|process\[/.test(text.replace(/^\s*(\/\/|\/?\*).*$/gm, '')) ? [`${path} reads process.env`] : []
}

/** A plugin is found by its name: in the tree, in `dependencies`, in errors at boot. */
function misnamedPlugins (path: string, text: string): string[] {
  if (!path.startsWith('plugins/')) return []
  if (path === 'plugins/feature.ts') return []
  const name = basename(path) === 'index.ts' ? posix.basename(posix.dirname(path)) : basename(path, '.ts')
  return text.includes(`{ name: '${name}'`) ? [] : [`${path} is not named ${name}`]
}

/** What a file imports and re-exports, by value and as types. */
export function importsOf (path: string, text: string): Import[] {
  const found: Import[] = []
  const add = (target: ts.Expression | undefined, isType: boolean) => {
    if (target !== undefined && ts.isStringLiteralLike(target)) found.push({ target: resolve(path, target.text), isType })
  }

  function visit (node: ts.Node) {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeOnly(node))
    if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly)
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0], false)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest))
  return found
}

function isTypeOnly ({ importClause }: ts.ImportDeclaration) {
  if (importClause === undefined) return false
  const { isTypeOnly, name, namedBindings } = importClause
  return isTypeOnly || (name === undefined && namedBindings !== undefined && ts.isNamedImports(namedBindings) && namedBindings.elements.length > 0 && namedBindings.elements.every(element => element.isTypeOnly))
}

const isPath = (target: string) => target.endsWith('.ts')

function resolve (from: string, target: string) {
  return target.startsWith('.') ? posix.join(posix.dirname(from), target) : target
}
