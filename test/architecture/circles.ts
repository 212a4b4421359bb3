import { isPath } from './imports.ts'
import type { Import } from './imports.ts'

type Graph = ReadonlyMap<string, readonly string[]>

/** Circles between files and between folders, types included: two parts that import each other belong together. */
export function findCircles (imports: ReadonlyMap<string, Import[]>): string[] {
  const files = new Map([...imports].map(([path, found]) => [path, targetsOf(found)]))
  return [...circles(files), ...circles(betweenFolders(files))]
}

function circles (graph: Graph): string[] {
  const done = new Set<string>()
  const found: string[] = []

  function visit (name: string, trail: string[]) {
    if (trail.includes(name)) {
      found.push(`${name} is in a circle: ${[...trail.slice(trail.indexOf(name)), name].join(' → ')}`)
    }
    if (done.has(name)) return
    done.add(name)
    for (const target of graph.get(name) ?? []) visit(target, [...trail, name])
  }
  for (const name of graph.keys()) visit(name, [])
  return found
}

function betweenFolders (files: Graph): Graph {
  const graph = new Map<string, string[]>()

  for (const [path, targets] of files) {
    const from = folderOf(path)
    const others = targets.map(folderOf).filter(to => to !== from)
    graph.set(from, [...new Set([...graph.get(from) ?? [], ...others])])
  }
  return graph
}

const targetsOf = (found: Import[]) => found.map(({ target }) => target).filter(isPath)

/** `lib/mail` for every file below it; a file that is in no such folder counts as a folder. */
function folderOf (path: string): string {
  const [top, folder, ...rest] = path.split('/')
  return rest.length > 0 ? `${top}/${folder}` : path
}
