/** A table of TOML; keys before the first header are at the top. */
export interface Table { [name: string]: string | number | boolean | string[] | Table | Table[] }

/**
 * Reads the part of TOML 1.0 that `fly.toml` uses: tables, arrays of tables, one-line values.
 *
 * @throws Error at the first other line.
 */
export function parseToml (text: string): Table {
  const root: Table = {}
  let table = root

  for (const line of text.split('\n').map(line => line.trim())) {
    const [, open = '', header] = /^(\[\[?)([\w.-]+)\]\]?\s*(?:#.*)?$/.exec(line) ?? []
    const [, name, value] = /^([\w-]+)\s*=\s*("[^"\\]*"|-?\d+|true|false|\[(?:"[^"\\]*"(?:, *)?)*\])\s*(?:#.*)?$/.exec(line) ?? []
    if (header !== undefined) table = enter(root, header.split('.'), open === '[[')
    else if (name !== undefined && value !== undefined && !(name in table)) table[name] = JSON.parse(value)
    else if (line !== '' && !line.startsWith('#')) throw new Error(`not understood: ${line}`)
  }
  return root
}

function enter (root: Table, path: string[], isList: boolean): Table {
  return path.reduce((table, name, place) => {
    const found = table[name]
    if (isList && place === path.length - 1) {
      const next: Table = {}
      table[name] = [...(Array.isArray(found) ? found as Table[] : []), next]
      return next
    }
    const next = (Array.isArray(found) ? found.at(-1) : found) ?? {}
    if (found === undefined) table[name] = next as Table
    return next as Table
  }, root)
}
