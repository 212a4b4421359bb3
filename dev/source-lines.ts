import { existsSync, readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { dirname, relative, resolve } from 'node:path'

// A place in a stack, `…/.data/bundle-x/shared/y.js:12:3`, and one as tap tells it beside.
const place = /(?:file:\/\/)?([^\s("']*\.data\/bundle-\w+\/[^\s:"']+\.js)(:|","lineNumber":)(\d+)(:|,"columnNumber":)(\d+)/g

// tap leaves its own lines out of a stack where it finds them by their path.
const ownLine = /^.*node_modules\/(@tapjs|tap)\/.*\n/gm

/** Tells places in what bundle.ts has made as places in our sources. */
export function withSourceLines (text: string): string {
  return withSources(text).replaceAll(ownLine, '')
}

function withSources (text: string) {
  const maps = new Map<string, SourceMap | null>()

  return text.replace(place, (whole, file: string, beforeLine: string, line: string, beforeColumn: string, column: string) => {
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
