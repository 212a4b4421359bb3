import { cpSync, readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { build as bundle, type Plugin } from 'esbuild'
import { forNode, wordLists } from './bundling.ts'

/** Files beside the TypeScript that the code reads when it runs. */
const assets = ['lib/stores/lua', 'lib/passwords/hash-thread.cjs', 'sql']

/**
 * Compiles programs to JavaScript for production, with the packages that they use: a process reads a few files in place
 * of two thousand. What is needed later, such as a command or error reports, is in files of its own. Types are not
 * checked.
 *
 * @param programs TypeScript files; each becomes a JavaScript file of its name in the folder
 * @param folder is emptied first
 */
export async function build (programs: string[], folder: string) {
  rmSync(folder, { recursive: true, force: true })
  await bundle({
    ...forNode,
    entryPoints: programs,
    outdir: folder,
    entryNames: '[name]',
    chunkNames: '[name]-[hash]',
    assetNames: 'lib/passwords/[name]-[hash]',
    legalComments: 'linked',
    plugins: [wordLists, ownPlaces]
  })
  for (const path of assets) cpSync(path, join(folder, path), { recursive: true })
}

// All files of a bundle are in one folder. A module that looks for a file finds it where it would be without a bundle.
const ownPlaces: Plugin = {
  name: 'own places',
  setup ({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8')
      if (!source.includes('import.meta.url')) return undefined

      const place = JSON.stringify(`./${relative('.', path).replace(/\.ts$/, '.js')}`)
      return { loader: 'ts', contents: source.replaceAll('import.meta.url', `new URL(${place}, import.meta.url).href`) }
    })
  }
}
