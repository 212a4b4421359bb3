import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Writes the URLs of a running `npm run dev` where the commands find them: `services.json` in the data folder. The file
 * is removed when this process ends.
 *
 * @throws Error when another `npm run dev` uses this data folder.
 */
export function publish (dataDir: string, urls: Record<string, string> = {}): void {
  const file = join(dataDir, 'services.json')
  const owner = ownerOf(file)

  if (owner !== undefined && owner !== process.pid && isAlive(owner)) {
    const hint = 'end it, or choose another DATA_DIR'
    throw new Error(`npm run dev is running in ${dataDir} already (process ${owner}): ${hint}`)
  }
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  rmSync(file, { force: true })
  writeFileSync(file, JSON.stringify({ ...urls, pid: process.pid }, null, 2) + '\n', { mode: 0o600 })
  process.once('exit', () => rmSync(file, { force: true }))
}

function ownerOf (file: string): number | undefined {
  if (!existsSync(file)) return undefined
  try {
    return Number(JSON.parse(readFileSync(file, 'utf8')).pid)
  } catch {
    return undefined
  }
}

// Process ids are reused, and quickly in a container: the id that a crashed run has left may be another program's now.
function isAlive (pid: number) {
  try {
    process.kill(pid, 0)
    return !existsSync(`/proc/${pid}/cmdline`) || readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('dev.ts')
  } catch {
    return false
  }
}
