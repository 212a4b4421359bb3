import { posix } from 'node:path'

/** The folders of the tree whose tests stand at the same path below test/. */
const twinned = /^test\/((?:commands|dev|lib|plugins|routes)\/.+)\.test\.ts$/

/**
 * The tests that a reader would look for elsewhere: a file or a folder of their name is below the folder in which they
 * stand, and not in it. A test that is named after no file, such as a flow over several, may stand where it likes.
 *
 * @param paths the paths of all files, sources and tests
 */
export function findStrays (paths: readonly string[]): string[] {
  const sources = new Set(paths.filter(path => path.endsWith('.ts') && !path.startsWith('test/')))
  const folders = new Set([...sources].map(path => posix.dirname(path)))

  return paths.flatMap(path => {
    const twin = twinned.exec(path)?.[1]
    if (twin === undefined || sources.has(`${twin}.ts`) || folders.has(twin)) return []
    const below = `${posix.dirname(twin)}/`
    const file = [...sources].find(source => source.startsWith(below) && source.endsWith(`/${posix.basename(twin)}.ts`))
    return file === undefined ? [] : [`${path} tests ${file}: test/${file.replace(/\.ts$/, '.test.ts')}`]
  })
}
