import { existsSync, readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { dirname, relative, resolve } from 'node:path'

// A position in a stack, `…/.data/bundle-x/shared/y.js:12:3`, or in the form of tap's diagnostics, which hold both.
const position = /(?:file:\/\/)?([^\s("']*\.data\/bundle-\w+\/[^\s:"']+\.js)(:|","lineNumber":)(\d+)(:|,"columnNumber":)(\d+)/g

// tap removes its own lines from a stack by their path, which it cannot find in a bundle.
const tapLine = /^.*node_modules\/(@tapjs|tap)\/.*\n/gm

/** What `position` finds. */
type Groups = [file: string, beforeLine: string, line: string, beforeColumn: string, column: string]

/** Replaces positions in files that bundle.ts has made by positions in our sources, and removes the lines of tap. */
export function withSourceLines (text: string): string {
  return withSources(text).replaceAll(tapLine, '')
}

function withSources (text: string) {
  const maps = new Map<string, SourceMap | null>()

  return text.replace(position, (whole, ...[file, beforeLine, line, beforeColumn, column]: Groups) => {
    const entry = mapOf(file)?.findEntry(Number(line) - 1, Number(column) - 1)
    if (entry === undefined || !('originalSource' in entry)) return whole

    const source = relative('.', resolve(dirname(file), entry.originalSource))
    return `${source}${beforeLine}${entry.originalLine + 1}${beforeColumn}${entry.originalColumn + 1}`
  })

  function mapOf (file: string) {
    const known = maps.get(file)
    if (known !== undefined) return known

    const map = existsSync(`${file}.map`) ? new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8'))) : null
    maps.set(file, map)
    return map
  }
}
