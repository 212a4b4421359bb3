import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { forNode } from '../../dev/bundles/bundling.ts'
import { peerVersions } from './versions.ts'

const folder = join('.data', 'peers')
const manifest = JSON.stringify({ private: true, type: 'module', dependencies: peerVersions })
const listed = Object.entries(peerVersions).map(([name, version]) => `${name}@${version}`).join(', ')

/**
 * Installs the packages from npm at first use, without their install scripts, into a folder that git ignores. Nothing
 * of the project depends on them.
 *
 * @param tell is told that npm is at work
 * @throws Error in one line that says what to do, when npm cannot get them
 */
export function installPeers (tell: (line: string) => void) {
  const done = join(folder, 'installed.json')
  if (existsSync(done) && readFileSync(done, 'utf8') === manifest) return

  tell(`installing ${listed} into ${folder}`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), manifest)
  const { status, stderr, error } = spawnSync(
    'npm',
    ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--fetch-retries=1', '--fetch-retry-mintimeout=1000'],
    { cwd: folder, encoding: 'utf8' }
  )
  if (status !== 0) throw new Error(`${listed}: npm could not install them. ${reasonIn(stderr ?? error?.message ?? '')}`)
  writeFileSync(done, manifest)
}

/**
 * Compiles the servers of the packages to JavaScript, beside the packages so that they find them.
 * @returns the folder, which is removed when this process ends
 */
export async function buildPeers (programs: string[]): Promise<string> {
  const built = mkdtempSync(join(folder, 'build-'))
  process.once('exit', () => rmSync(built, { recursive: true, force: true }))
  const external = Object.keys(peerVersions).flatMap(name => [name, `${name}/*`])
  await build({ ...forNode, entryPoints: programs, outdir: built, external })
  return built
}

// npm's first line names the code of the failure, such as ENOTFOUND without a network.
function reasonIn (stderr: string) {
  const lines = stderr.split('\n').filter(line => line.startsWith('npm error')).slice(0, 3)
  const reason = lines.map(line => line.replace('npm error ', '')).join('; ')
  return `${reason || stderr.trim()}. The first run needs a registry of npm; later runs use what is installed.`
}
