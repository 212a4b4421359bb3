import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The version in the nearest package.json: the sources and the compiled lie at different depths below it. */
export function readVersion (directory = dirname(fileURLToPath(import.meta.url))): string {
  try {
    return String(JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')).version)
  } catch {
    return directory === dirname(directory) ? 'unknown' : readVersion(dirname(directory))
  }
}
