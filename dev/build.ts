import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'

/** Files beside the TypeScript that the code reads when it runs. */
const assets = ['lib/stores/lua', 'lib/passwords/hash-thread.cjs', 'sql']

const compilerOptions: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
  rewriteRelativeImportExtensions: true
}

/**
 * Compiles TypeScript as `npm run build` would, because code that a loader compiles on the fly runs slower. Types are
 * not checked.
 *
 * @param parts files, and folders that are taken as a whole
 * @returns the folder of the JavaScript, which is removed when this process ends
 */
export function build (parts: string[]): string {
  mkdirSync('.data', { recursive: true })
  const folder = mkdtempSync(join('.data', 'build-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

  for (const path of parts.flatMap(sourcesOf)) {
    const target = join(folder, path.replace(/\.ts$/, '.js'))
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, compile(readFileSync(path, 'utf8')))
  }
  for (const path of assets) cpSync(path, join(folder, path), { recursive: true })
  return folder
}

function sourcesOf (part: string): string[] {
  if (part.endsWith('.ts')) return [part]
  return readdirSync(part, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => join(part, name))
}

function compile (text: string) {
  return ts.transpileModule(text, { compilerOptions }).outputText
}
