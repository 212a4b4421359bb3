import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isDebian, unpackDebian } from '../../dev/debian.ts'

/** Debian's Postgres: the folder of its programs, and the environment in which they find their libraries. */
export interface DebianPostgres { programs: string, env: NodeJS.ProcessEnv }

/**
 * Debian's own Postgres with pg_dump and pg_restore, which npm's lacks: the installed one, else one that is fetched.
 * Null where this is not Debian or nothing can be fetched.
 */
export async function debianPostgres (): Promise<DebianPostgres | null> {
  const installed = programsBelow('/usr/lib/postgresql')
  if (installed !== null) return { programs: installed, env: process.env }
  if (!isDebian()) return null

  const unpacked = await unpackDebian(['postgresql', 'postgresql-client']).catch(() => null)
  const programs = unpacked && programsBelow(join(unpacked.folder, 'usr/lib/postgresql'))
  return unpacked && programs !== null ? { programs, env: unpacked.env } : null
}

function programsBelow (parent: string): string | null {
  if (!existsSync(parent)) return null
  const folders = readdirSync(parent).map(version => join(parent, version, 'bin'))
  return folders.find(folder => ['initdb', 'pg_dump', 'pg_restore'].every(name => existsSync(join(folder, name)))) ?? null
}
