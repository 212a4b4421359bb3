import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'

/**
 * JavaScript as `npm run build` would write it, because what a loader makes of TypeScript on the fly is
 * slower; types are not checked. `parts` are files, and folders whole. Returns the folder, which goes when
 * this process ends.
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
  for (const path of ['lib/stores/lua', 'lib/passwords/hash-thread.cjs', 'sql']) cpSync(path, join(folder, path), { recursive: true })
  return folder
}

function sourcesOf (part: string): string[] {
  if (part.endsWith('.ts')) return [part]
  return readdirSync(part, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts')).map(name => join(part, name))
}

function compile (text: string) {
  return ts.transpileModule(text, {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true, rewriteRelativeImportExtensions: true }
  }).outputText
}
