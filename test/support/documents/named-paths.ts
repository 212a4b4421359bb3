import { posix } from 'node:path'

/** The folders of the repository whose files a page may name. */
const folders = [
  '.ci', '.github', 'bench', 'clients', 'commands', 'deploy', 'dev', 'docs', 'lib', 'plugins', 'routes', 'sql', 'test'
]
const anyFolder = folders.map(name => name.replace('.', '\\.')).join('|')

/** A path from the root, such as `lib/errors.ts`; not the path of a URL, nor a part of a longer one. */
const fromRoot = new RegExp(`(?<![\\w./:@{}$-])(?:${anyFolder})/[\\w./@-]*`, 'g')

/** The name of a file without its folder, in code. */
const bare = /`(\w[\w.-]*\.(?:ts|md|toml|lua))`/g

const link = /\]\(([^)#\s]+)(?:#[^)\s]*)?\)/g

/**
 * The paths that a page of the documentation names: paths from the root of the repository, the targets of its links
 * among them, and names of files without a folder. A placeholder such as `lib/<domain>/x.ts` names the folder before
 * it.
 */
export function namedPaths (page: string, text: string): { paths: string[], names: string[] } {
  const written = [...text.matchAll(fromRoot)].map(([path]) => path.replace(/[./]+$/, ''))
  const linked = [...text.matchAll(link)].map(([, target = '']) => target).filter(target => !/^[a-z]+:/.test(target))
  const paths = [...written, ...linked.map(target => posix.join(posix.dirname(page), target))]
  return { paths: [...new Set(paths)], names: [...new Set([...text.matchAll(bare)].map(([, name = '']) => name))] }
}
