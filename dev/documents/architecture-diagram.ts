import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { floors, importsOf } from '../../test/architecture/rules.ts'
import { withMarkedText } from './marked-text.ts'

/** The folders that each folder of lib imports, types included. */
type Imports = ReadonlyMap<string, ReadonlySet<string>>

const markers = {
  begin: '<!-- Made by `npm run architecture` from the imports in lib. -->',
  end: '<!-- Until here. -->',
  part: 'diagram'
}

/**
 * Replaces the text between the two markers of a page by the diagram of lib.
 *
 * @throws Error for a page without exactly one pair of markers, and for a folder that stands on no floor.
 */
export function withDiagram (page: string, imports: Imports): string {
  return withMarkedText(page, renderDiagram(imports), markers)
}

/** Which folders of lib import which; a file at the top of lib counts as a folder. */
export function readImports (lib = 'lib'): Imports {
  const imports = new Map<string, Set<string>>()

  for (const path of readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'))) {
    const from = folderOf(path)
    const targets = importsOf(path, readFileSync(posix.join(lib, path), 'utf8')).map(({ target }) => target)
    const others = targets.filter(target => target.endsWith('.ts')).map(folderOf).filter(to => to !== from)
    imports.set(from, new Set([...imports.get(from) ?? [], ...others]))
  }
  return imports
}

function renderDiagram (imports: Imports): string {
  const unplaced = [...imports.keys()].filter(name => !floors.flat().includes(name))
  if (unplaced.length > 0) throw new Error(`lib/${unplaced[0]} stands on no floor of test/architecture/rules.ts`)

  const drawn = floors.flatMap((names, floor) => renderFloor(names, floor)).join('\n')
  const arrows = [...imports].flatMap(([from, targets]) => [...targets]
    .filter(to => !isImplied(imports, from, to))
    .map(to => `  ${idOf(from)} --> ${idOf(to)}`))
  return ['```mermaid', 'flowchart TD', drawn, ...arrows.sort(), '```'].join('\n')
}

function renderFloor (names: string[], floor: number): string[] {
  const nodes = names.map(name => `    ${idOf(name)}["${name}"]`)
  return [`  subgraph floor${floor} ["floor ${floor}"]`, ...nodes, '  end']
}

/** Whether another import of `from` leads to `to` as well: the arrow is then redundant. */
function isImplied (imports: Imports, from: string, to: string): boolean {
  return [...imports.get(from) ?? []].some(other => other !== to && reaches(imports, other, to))
}

function reaches (imports: Imports, from: string, to: string): boolean {
  const next = imports.get(from) ?? new Set()
  return next.has(to) || [...next].some(other => reaches(imports, other, to))
}

const folderOf = (path: string) => path.split('/', 1).join('')

/** The prefix is needed because `end` and other names are keywords of Mermaid. */
const idOf = (name: string) => `lib_${name.replace('.ts', '')}`
