import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Test } from 'tap'
import { spawnGuarded } from '../../dev/processes/guarded.ts'
import type { Guarded } from '../../dev/processes/guarded.ts'
import { freePort } from '../../dev/services/ports.ts'
import { startNginx, withoutNginx } from '../browser/nginx.ts'
import { createAuthority } from '../stores/certificates.ts'
import { debianProgram } from '../support/outside/debian-program.ts'

const unit = readFileSync('deploy/systemd/latchkey@.service', 'utf8')
const curl = await debianProgram('curl', ['curl'])

/** The reason why tests on such a machine are skipped, or false if they can run. */
export const withoutMachine = withoutNginx || curl.missing

/**
 * What the pages of docs/ find on a machine with Debian, without root: a folder in place of /opt; nginx, started with
 * the shipped file; a `systemctl` that runs the commands of the shipped unit; and a curl that finds the ports of the
 * pages, and auth.example.com, at the ports of this test.
 */
export async function openMachine (t: Pick<Test, 'teardown'>, settings: NodeJS.ProcessEnv = {}) {
  const root = mkdtempSync(join(tmpdir(), 'machine-'))
  const [opt, bin] = [join(root, 'opt'), join(root, 'bin')]
  const ports: Record<string, number> = { 3000: await freePort(), 3001: await freePort() }
  const authority = createAuthority('Latchkey test')
  const nginx = await startNginx(t, {
    latchkey: [ports['3000'] ?? 0, ports['3001'] ?? 0],
    reports: await freePort(),
    certified: authority.issue('auth.example.com')
  })
  const env = {
    HOME: root,
    LD_LIBRARY_PATH: curl.env['LD_LIBRARY_PATH'] ?? '',
    PATH: [bin, dirname(process.execPath), dirname(curl.path), process.env['PATH']].join(delimiter),
    NODE_ENV: 'production',
    ...settings
  }
  const nodes = new Map<string, Guarded>()
  const asked: string[] = []
  let output = ''
  let migratedBy: number | null = null

  for (const folder of [opt, bin]) mkdirSync(folder)
  writeFileSync(join(root, 'ca.pem'), authority.cert)
  writeFileSync(join(root, '.curlrc'), [
    `cacert = "${join(root, 'ca.pem')}"`,
    `connect-to = "auth.example.com:443:127.0.0.1:${nginx.https}"`,
    ...Object.entries(ports).map(([page, port]) => `connect-to = "127.0.0.1:${page}:127.0.0.1:${port}"`)
  ].join('\n'))
  const control = await answerSystemctl(t, systemctl)
  writeFileSync(join(bin, 'systemctl'), `#!/bin/sh\nexec curl --fail-with-body -sS ${control} --data-binary "$*"\n`, { mode: 0o755 })
  t.teardown(async () => { await Promise.all([...nodes.values()].map(node => node.kill())) })
  return {
    opt,
    https: nginx.https,
    ca: authority.cert,
    nginxErrors: nginx.errorLog,
    /** The arguments of each call of systemctl. */
    asked,
    /** What the nodes have written. */
    output: () => output,
    run,
    install
  }

  /** Runs a block of a page in /opt/latchkey; returns how it ended. */
  async function run (script: string, { typed = '', cwd = join(opt, 'latchkey') } = {}) {
    return await new Promise<{ code: number, stdout: string, stderr: string }>(resolve => {
      const child = execFile('sh', ['-ec', script.replaceAll('/opt/', `${opt}/`)], { cwd, env }, (error, stdout, stderr) => {
        resolve({ code: Number(error?.code ?? 0), stdout, stderr })
      })
      // A block may end without reading what is typed.
      child.stdin?.on('error', () => {}).end(typed)
    })
  }

  /** Puts the program into a folder of /opt, as `npm ci && npm run build` leave it, with further migrations. */
  function install (name: string, migrations: Record<string, string> = {}) {
    const [folder, build] = [join(opt, name), process.env['LATCHKEY_TEST_BUILD'] ?? '']
    mkdirSync(join(folder, 'dist', 'programs'), { recursive: true })
    for (const entry of ['lib', 'plugins', 'node_modules', 'package.json']) symlinkSync(resolve(entry), join(folder, entry))
    cpSync('sql', join(folder, 'sql'), { recursive: true })
    for (const [file, text] of Object.entries(migrations)) writeFileSync(join(folder, 'sql', file), text)
    const pieces = readdirSync(join(build, 'programs')).filter(file => !file.endsWith('.map'))
    const chunks = pieces.map(file => `programs/${file}`)
    for (const file of ['server.js', 'cli.js', ...chunks]) {
      writeFileSync(join(folder, 'dist', file), relocatable(readFileSync(join(build, file), 'utf8'), file.includes('/') ? '../..' : '..'))
    }
  }

  async function systemctl (command: string) {
    asked.push(command)
    const instances = [...command.matchAll(/latchkey@(\d+)/g)].map(([, port = '']) => port)
    if (command.startsWith('enable --now ')) await Promise.all(instances.map(startNode))
    if (command.startsWith('restart ')) for (const instance of instances) await restartNode(instance)
  }

  async function restartNode (instance: string) {
    const node = nodes.get(instance)
    process.kill(node?.pid ?? 0, 'SIGTERM')
    if (await node?.exited !== 0) throw new Error(`latchkey@${instance} did not end well: ${output}`)
    await startNode(instance)
  }

  async function startNode (instance: string) {
    await migrateOnce()
    const [, ...args] = valuesOf('ExecStart').join(' ').split(' ')
    const node = await spawnGuarded([process.execPath, ...args], {
      cwd: join(opt, 'latchkey'),
      env: { ...env, PORT: String(ports[instance]), METRICS_PORT: String(await freePort()) },
      output: 'pipe'
    })
    for (const stream of [node.stdout, node.stderr]) stream?.on('data', chunk => { output += String(chunk) })
    nodes.set(instance, node)
    for (const command of valuesOf('ExecStartPost')) await mustRun(command.replaceAll('%i', instance))
  }

  /** What the unit runs before each start; only the first start of a program finds anything to do. */
  async function migrateOnce () {
    const { ino } = statSync(join(opt, 'latchkey'))
    if (ino === migratedBy) return
    migratedBy = ino
    for (const command of valuesOf('ExecStartPre')) await mustRun(command)
  }

  async function mustRun (command: string) {
    const { code, stderr } = await run(command.replaceAll('/usr/bin/', ''))
    if (code !== 0) throw new Error(`${command} ended with ${code}: ${stderr}${output}`)
  }
}

/** A server for the commands that a stand-in of systemctl passes on; it answers when they are done. */
async function answerSystemctl (t: Pick<Test, 'teardown'>, systemctl: (command: string) => Promise<void>) {
  const server = createServer(async (request, response) => {
    const failure = await systemctl((await request.toArray()).join('')).then(() => null, (error: Error) => error)
    response.writeHead(failure === null ? 200 : 500).end(failure?.message)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** The tests' build names files of the source tree by absolute URLs; an installed one finds them beside itself. */
function relocatable (code: string, up: string) {
  const source = pathToFileURL(resolve('.')).href
  // The build would replace the expression here too if it were written in one piece.
  const own = ['import', 'meta', 'url'].join('.')
  return code.replaceAll(new RegExp(`"${source}/([^"]*)"`, 'g'), (_, path) => `new URL("${up}/${path}", ${own}).href`)
}

function valuesOf (name: string) {
  return [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value)
}
