import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isDebian, unpackDebian } from './debian.ts'

/** Debian's Postgres: the folder of its programs, and the environment in which they find their libraries. */
export interface DebianPostgres { programs: string, env: NodeJS.ProcessEnv }

/** The versions that tests and benches can be told to run on: the oldest supported one, and the one of npm. */
const postgresVersions = ['15', '18'] as const
export type PostgresVersion = typeof postgresVersions[number]

/**
 * Debian's own Postgres with pg_dump and pg_restore, which npm's lacks: the installed one, else one that is fetched.
 * Null where this is not Debian or nothing can be fetched.
 *
 * @param major the version; by default any
 */
export async function debianPostgres (major?: string): Promise<DebianPostgres | null> {
  const installed = programsBelow('/usr/lib/postgresql', major)
  if (installed !== null) return { programs: installed, env: process.env }
  if (!isDebian()) return null

  const name = ['postgresql', 'postgresql-client'].map(name => major === undefined ? name : `${name}-${major}`)
  const unpacked = await unpackDebian(name).catch(() => null)
  const programs = unpacked && programsBelow(join(unpacked.folder, 'usr/lib/postgresql'), major)
  return unpacked && programs !== null ? { programs, env: unpacked.env } : null
}

/**
 * The programs of a version: Debian's for 15, which compiles plans (`jit`) as people have it, and nothing for 18, which
 * `startPostgres` takes from npm by itself.
 *
 * @throws Error with one line that says why the version cannot be had
 */
export async function postgresOf (version: string | undefined): Promise<Partial<DebianPostgres>> {
  if (version === undefined || version === '18') return {}
  if (!isPostgresVersion(version)) throw new Error(`--postgres takes ${postgresVersions.join(' or ')}`)

  const found = await debianPostgres(version)
  if (found === null) throw new Error(`Postgres ${version} is not installed here, and this system's packages have none`)
  return found
}

export function isPostgresVersion (text: string): text is PostgresVersion {
  return postgresVersions.some(version => version === text)
}

function programsBelow (parent: string, major?: string): string | null {
  if (!existsSync(parent)) return null
  const folders = readdirSync(parent)
    .filter(version => major === undefined || version === major)
    .map(version => join(parent, version, 'bin'))
  return folders.find(folder => ['initdb', 'pg_dump', 'pg_restore'].every(name => existsSync(join(folder, name)))) ?? null
}
