import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { buildSync } from 'esbuild'
import ts from 'typescript'

type Package = 'clients/javascript' | 'clients/verifier'

/** A file of TypeScript's own libraries is parsed once for all programs. */
const libraries = new Map<string, ts.SourceFile | undefined>()

/** Packs a package as `npm publish` does, which builds it, and installs it into the folder of an app. */
export function installPackage (source: Package) {
  const { name } = JSON.parse(readFileSync(`${source}/package.json`, 'utf8'))
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-app-'))
  const target = join(folder, 'node_modules', name)
  mkdirSync(target, { recursive: true })
  const packing = ['pack', '--json', '--silent', '--pack-destination', folder, `./${source}`]
  const [packed] = JSON.parse(execFileSync('npm', packing, { encoding: 'utf8' }))
  execFileSync('tar', ['xzf', join(folder, packed.filename), '--strip-components=1', '-C', target])
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  return { folder, files: packed.files.map(({ path }: { path: string }) => path) as string[] }
}

/** The mistakes that the compiler finds in programs, and in the types of the packages that they import. */
export function mistakesIn (files: string | string[], options: ts.CompilerOptions) {
  const program = programOf([files].flat(), { target: ts.ScriptTarget.ES2022, strict: true, noEmit: true, ...options })
  return ts.getPreEmitDiagnostics(program)
    .map(({ messageText, file }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`)
}

/** Bytes of a program as it is sent: bundled, minified, and compressed. */
export function bytesOf (text: string, folder: string, platform: 'browser' | 'node' = 'browser') {
  const { outputFiles: [bundle] } = buildSync({
    stdin: { contents: text, resolveDir: folder }, bundle: true, minify: true, format: 'esm', platform, external: ['react'], write: false
  })
  return gzipSync(bundle?.contents ?? '', { level: 9 }).length
}

/** A program, without the check of TypeScript's own libraries, which takes longer than all the rest. */
function programOf (files: string[], options: ts.CompilerOptions) {
  const host = ts.createCompilerHost(options)
  const read = host.getSourceFile
  host.getSourceFile = (name, ...rest) => {
    if (!/\/typescript\/lib\/lib\.[\w.]+$/.test(name)) return read(name, ...rest)
    if (!libraries.has(name)) libraries.set(name, read(name, ...rest))
    return libraries.get(name)
  }
  return ts.createProgram(files, { ...options, skipDefaultLibCheck: true }, host)
}
