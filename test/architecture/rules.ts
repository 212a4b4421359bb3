import { basename, posix } from 'node:path'
import { findCircles } from './circles.ts'
import { findMiswirings } from './decorators.ts'
import { importsOf, isPath } from './imports.ts'
import type { Import } from './imports.ts'
import { findPublishers } from './publishing.ts'

export { importsOf }

/** The files of a layer, and what they may import (by value, or as types only): paths and names of libraries. */
interface Layer { name: string, owns: RegExp, values: RegExp, types: RegExp }

/** The layers. The first one that owns a file applies to it. */
const layers: Layer[] = [
  {
    name: 'a store',
    owns: /^lib\/(stores\/|.*-store\.ts$)/,
    values: /^(lib\/stores\/|lib\/.*-store\.ts$|lib\/(context\/.*|queues\/.*|errors)\.ts$|node:(?!process)|postgrator$)/,
    types: /^(lib\/|pg$|ioredis$)/
  },
  {
    name: 'lib',
    owns: /^lib\//,
    values: /^(lib\/(?!stores\/|.*-store\.ts$)|node:(?!process)|@sinclair\/typebox|@zxcvbn-ts\/|postgrator$|@fastify\/error$|nodemailer\/lib\/addressparser$)/,
    types: /^(lib\/|(?!fastify$|@fastify\/|fastify-plugin$|.*\.ts$)[@a-z])/
  },
  {
    name: 'a feature',
    owns: /^plugins\/[a-z]+\/index\.ts$/,
    values: /^(plugins\/|lib\/|fastify-plugin$)/,
    types: /^(lib\/|plugins\/feature\.ts$)/
  },
  {
    name: 'the way to a server',
    owns: /^plugins\/http\/(server|security-headers)\.ts$/,
    values: /^(lib\/http\/|lib\/operations\/|plugins\/http\/security-headers\.ts$|fastify$|@fastify\/(helmet|ajv-compiler|fast-json-stringify-compiler)$)/,
    types: /^(lib\/|fastify$|@fastify\/(helmet|ajv-compiler|fast-json-stringify-compiler)$)/
  },
  {
    name: 'plugins',
    owns: /^plugins\//,
    values: /^(lib\/|node:(?!process)|(?!fastify$|@sinclair\/|.*\.ts$)[@a-z][^:/]*(\/[^/.]+)?$)/,
    types: /^(lib\/|fastify$|(?!.*\.ts$)[@a-z])/
  },
  {
    name: 'routes',
    owns: /^routes\//,
    values: /^(routes\/|@sinclair\/typebox$)/,
    types: /^(lib\/|fastify$|@fastify\/type-provider-typebox$|@sinclair\/typebox$)/
  },
  {
    name: 'the example of the client',
    owns: /^clients\/javascript\/example\//,
    values: /^(clients\/javascript\/|qr$)/,
    types: /^clients\/javascript\//
  },
  {
    name: 'the client',
    owns: /^clients\/javascript\//,
    values: /^(clients\/javascript\/|react$)/,
    types: /^clients\/javascript\//
  },
  // The verifier judges by the code of the server itself, which is built into its package.
  {
    name: 'the verifier',
    owns: /^clients\/verifier\//,
    values: /^(clients\/verifier\/|lib\/(errors|changes\/revocations|http\/problem|tokens\/(assurance|cache|claims|step-up))\.ts$|node:(?!process))/,
    types: /^(lib\/changes\/change\.ts$|fastify$|@fastify\/jwt$)/
  },
  {
    name: 'app.ts',
    owns: /^app\.ts$/,
    values: /^(plugins\/[a-z]+\/index\.ts$|routes\/|fastify-plugin$)/,
    types: /^(lib\/|plugins\/feature\.ts$|fastify$)/
  },
  {
    name: 'server.ts',
    owns: /^server\.ts$/,
    values: /^(app\.ts$|lib\/|plugins\/http\/server\.ts$|node:|pino$|close-with-grace$)/,
    types: /^(lib\/|fastify$)/
  },
  {
    name: 'cli.ts',
    owns: /^cli\.ts$/,
    values: /^commands\/command-line\.ts$/,
    types: /^$/
  },
  // `migrate` must work where the app refuses to start: before the schema fits.
  {
    name: 'commands',
    owns: /^commands\//,
    values: /^(commands\/|app\.ts$|lib\/(?!stores\/|.*-store\.ts$)|plugins\/|node:|fastify$)/,
    types: /^(commands\/|lib\/|plugins\/|fastify$)/
  }
]

/** The floors of lib, the ground first: a folder imports only folders of lower floors, types included. */
export const floors = [
  ['queues'],
  ['bounded-map.ts', 'clock.ts', 'errors.ts', 'config', 'context', 'crypto', 'formats'],
  ['stores', 'webauthn'],
  ['operations', 'changes', 'users'],
  ['http', 'jobs', 'followers'],
  ['audit'],
  ['keys', 'passwords'],
  ['throttling', 'tokens'],
  ['sessions', 'mail', 'access'],
  ['factors'],
  ['logins'],
  ['accounts', 'announcements', 'transfers', 'oauth'],
  ['administration'],
  ['organisations', 'outbox', 'doctor']
]

/** Libraries that more than one file may import: the framework, and pure functions. Every other one has one owner. */
const shared = /^(node:.*|fastify|fastify-plugin|@sinclair\/typebox.*|@zxcvbn-ts\/.*)$/

/** A library that is published in pieces counts as one. */
const inPieces = /^(@opentelemetry)\/.*/

/** Files whose two libraries have one purpose. */
const pairs = new Set(['plugins/operations/docs.ts', 'plugins/http/server.ts'])

/** Files of plugins/ that are no plugins: the options of every feature, and the server before its first plugin. */
const notPlugins = new Set(['plugins/feature.ts', 'plugins/http/server.ts', 'plugins/http/security-headers.ts'])

const readsEnvironment = /^(server\.ts|dev\/|test\/|bench\/)/

/**
 * The violations of the architecture in a tree, each as a sentence that begins with a path.
 *
 * @param files the texts of the files by their path from the root
 */
export function findViolations (files: ReadonlyMap<string, string>): string[] {
  const imports = new Map([...files].map(([path, text]) => [path, importsOf(path, text)]))

  return [
    ...[...imports].flatMap(([path, found]) => found.flatMap(entry => judge(path, entry))),
    ...[...imports].flatMap(([path, found]) => found.flatMap(entry => climb(path, entry))),
    ...[...imports].flatMap(([path, found]) => found.flatMap(entry => trespass(path, entry))),
    ...secondOwners(imports),
    ...findCircles(imports),
    ...findMiswirings(files),
    ...overfull([...files.keys()]),
    ...[...files].flatMap(([path, text]) => findPublishers(path, text)),
    ...[...files].flatMap(([path, text]) => environmentReaders(path, text)),
    ...[...files].flatMap(([path, text]) => processUsers(path, text)),
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

/** The index of a feature imports plugins only from its own folder. */
function trespass (path: string, { target }: Import): string[] {
  if (!isFeature.test(path) || !target.startsWith('plugins/') || target === 'plugins/feature.ts') return []
  if (posix.dirname(target) === posix.dirname(path)) return []
  return [`${path} imports ${target}, which belongs to another feature`]
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
      const library = target.replace(inPieces, '$1')
      owners.set(library, (owners.get(library) ?? new Set()).add(path))
      owned.set(path, (owned.get(path) ?? new Set()).add(library))
    }
  }
  return [
    ...[...owners]
      .filter(([, paths]) => paths.size > 1)
      .map(([library, paths]) => `${[...paths].join(' and ')} both own ${library}`),
    ...[...owned]
      .filter(([path, libraries]) => path.startsWith('plugins/') && libraries.size > 1 && !pairs.has(path))
      .map(([path, libraries]) => `${path} owns ${[...libraries].join(' and ')}`)
  ]
}

/**
 * A folder with more files than this should be two folders. Not so routes, which have a file for each endpoint and are
 * found by their URL, and clients, which are packages of their own.
 */
const filesMax = 18

function overfull (paths: string[]): string[] {
  const folders = paths.filter(path => !/^(clients|routes)\//.test(path)).map(path => posix.dirname(path))

  return [...new Set(folders)].flatMap(folder => {
    const count = folders.filter(other => other === folder).length
    return count > filesMax ? [`${folder} has ${count} files, more than ${filesMax}`] : []
  })
}

function environmentReaders (path: string, text: string): string[] {
  const code = text.replace(/^\s*(\/\/|\/?\*).*$/gm, '')
  const isReader = /\bprocess\s*(\?\.|\.)\s*env\b|process\[/.test(code)
  return isReader && !readsEnvironment.test(path) ? [`${path} reads process.env`] : []
}

/** Commands are handed what they use of their process, so that a process can run several. */
function processUsers (path: string, text: string): string[] {
  const [used] = /(?<!\.)\b(process\.(?!cwd\b)|console\.)\w+/.exec(text) ?? []
  return path.startsWith('commands/') && used !== undefined ? [`${path} uses ${used}`] : []
}

/** A plugin is named after its file, so that it can be found from `dependencies` and from errors at the start. */
function misnamedPlugins (path: string, text: string): string[] {
  if (!path.startsWith('plugins/')) return []
  if (notPlugins.has(path)) return []
  const name = basename(path) === 'index.ts' ? posix.basename(posix.dirname(path)) : basename(path, '.ts')
  return new RegExp(`\\{\\s*name: '${name}'`).test(text) ? [] : [`${path} is not named ${name}`]
}
