import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The first program with one of these names in the folders of the PATH, then in others; the names come in order. */
export function findExecutable (names: string[], others: string[] = []): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...others]
  return names.flatMap(name => folders.map(folder => join(folder, name))).find(isExecutable)
}

function isExecutable (file: string) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
