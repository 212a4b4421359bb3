import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const prefix = 'latchkey-test-'
const hour = 3_600_000

/** A folder for one test run, removed when the process ends. What killed runs left goes too. */
export function makeTestFolder (): string {
  for (const name of readdirSync(tmpdir()).filter(name => name.startsWith(prefix))) removeIfLeft(join(tmpdir(), name))

  const folder = mkdtempSync(join(tmpdir(), prefix))
  // Root's Postgres runs as somebody else, who must get through; what lies in it is closed itself.
  chmodSync(folder, 0o711)
  mkdirSync(join(folder, 'tmp'), { mode: 0o700 })
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}

// No run takes an hour, so whatever is older is nobody's.
function removeIfLeft (folder: string) {
  try {
    if (Date.now() - statSync(folder).mtimeMs > hour) rmSync(folder, { recursive: true })
  } catch {
    // It is another user's, or just being removed.
  }
}
