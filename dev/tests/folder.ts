import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const prefix = 'latchkey-test-'
/** No run takes this long, so an older folder belongs to a run that was killed. */
const runMaxMs = 3_600_000

/**
 * A folder for one test run, removed when the process ends. Also removes the folders that killed runs have left.
 *
 * @param parent where it is made: by default where the system keeps temporary files
 */
export function makeTestFolder (parent = tmpdir()): string {
  for (const name of readdirSync(parent).filter(name => name.startsWith(prefix))) removeIfLeft(join(parent, name))

  const folder = mkdtempSync(join(parent, prefix))
  // Root's Postgres runs as another user, which must pass through this folder. The folders inside are closed to others.
  chmodSync(folder, 0o711)
  for (const name of ['tmp', 'ports']) mkdirSync(join(folder, name), { mode: 0o700 })
  process.once('exit', () => remove(folder))
  return folder
}

function removeIfLeft (folder: string) {
  const { mtimeMs } = statSync(folder, { throwIfNoEntry: false }) ?? {}
  if (mtimeMs !== undefined && Date.now() - mtimeMs > runMaxMs) remove(folder)
}

function remove (folder: string) {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  } catch {
    // It belongs to another user, or a process that is being killed still writes to it. A later run removes it.
  }
}
