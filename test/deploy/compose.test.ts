import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../lib/config/config.ts'
import { parseDuration } from '../../lib/config/parse.ts'
import { openOnce } from '../support/once.ts'
import { runProgram } from '../support/outside/debian-program.ts'
import { debianPython, readYaml } from '../support/outside/debian-python.ts'

interface Service {
  image: string
  command?: string[]
  environment?: Record<string, string>
  depends_on?: Record<string, { condition: string }>
  networks?: Record<string, { ipv4_address?: string } | null>
  volumes?: string[]
  ports?: unknown[]
  stop_grace_period?: string
}

const python = await debianPython()
const page = readFileSync('docs/deploying.md', 'utf8')
const composed = openOnce(compose)

t.test('the file is what the schema of Compose wants, with the .env of the page', { skip: python.missing }, async t => {
  const { services, networks } = await composed()

  t.strictSame(Object.keys(services).sort(), ['grafana', 'latchkey-1', 'latchkey-2', 'migrate', 'nginx', 'postgres', 'prometheus', 'redis'])
  t.equal(networks['stores']?.internal, true)
  for (const [name, { networks: own = {} }] of Object.entries(services)) {
    t.equal('stores' in own && 'outside' in own, false, `${name} does not lead from the Internet to the stores`)
  }
  for (const name of ['postgres', 'redis', 'latchkey-1', 'migrate']) t.notOk(services[name]?.ports, `${name} is reached inside only`)
})

t.test('the nodes start with its settings, behind nginx and after the migration', { skip: python.missing }, async t => {
  const { services } = await composed()
  const { environment: settings = {}, networks = {}, ...node } = services['latchkey-1'] as Service
  const config = loadConfig({ NODE_ENV: 'production', ...settings })

  t.strictSame({ ...services['latchkey-2'], networks: null }, { ...services['latchkey-1'], networks: null })
  t.ok(networks['inside']?.ipv4_address, 'an address that stays, for nginx looks it up once')
  t.strictSame(config.http.trustProxy, [services['nginx']?.networks?.['inside']?.ipv4_address], 'nginx alone is believed')
  t.notOk(settings['DATABASE_DIRECT_URL'], 'a node does not know the password of the owner')
  t.match(services['migrate'], { command: ['node', 'dist/cli.js', 'migrate'], environment: { DATABASE_DIRECT_URL: /^postgres:\/\/latchkey_owner:/ } })
  t.match(node.depends_on, { migrate: { condition: 'service_completed_successfully' }, redis: { condition: 'service_healthy' } })
  t.ok(parseDuration(String(node.stop_grace_period)) > config.process.shutdownTimeout + 5000, 'nobody is killed before the process gives up by itself')
  t.match(readFileSync('deploy/docker/latchkey.targets.yml', 'utf8'), `[latchkey-1:${config.operations.metricsPort}, latchkey-2:${config.operations.metricsPort}]`)
})

t.test('nginx gets the shipped settings with the names of the nodes and of the domain', { skip: python.missing }, async t => {
  const { services } = await composed()
  const script = services['nginx']?.command?.at(-1) ?? ''
  const [, edits = ''] = /sed ([^]*?) \/etc\/nginx\/latchkey\.conf/.exec(script) ?? []
  const edited = execFileSync('sh', ['-c', `sed ${edits} deploy/nginx.conf`], { encoding: 'utf8' })

  t.match(edited, /server latchkey-1:3000 max_fails/)
  t.match(edited, /server latchkey-2:3000 max_fails/)
  t.notMatch(edited, /127\.0\.0\.1:300|auth\.example\.com/)
  t.match(edited, 'ssl_certificate /etc/ssl/auth.acme.test.pem;')
})

t.test('Postgres gets the roles of the set-up', async t => {
  const statements = (name: string) => readFileSync(name, 'utf8').match(/^create (role|database) .*;$/gm)?.map(line => line.replace(/password \S+?(?=;| in)/, 'password …'))
  t.strictSame(statements('deploy/docker/roles.sh'), statements('docs/setup.md')?.filter(line => !line.includes("'…'")))
  t.ok(statSync('deploy/docker/roles.sh').mode & 0o100)
})

/** The file as Compose reads it, every value filled in. */
async function compose () {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-compose-'))
  cpSync('deploy', join(folder, 'deploy'), { recursive: true })
  const [, block = ''] = /```sh\n(cd deploy\/docker [^]*?)```/.exec(page) ?? []
  execFileSync('sh', ['-ec', block.replace('auth.example.com', 'auth.acme.test')], { cwd: folder })

  const { code, stdout, output } = await runProgram(python, [join(python.root, 'usr/bin/docker-compose'), 'config'], { cwd: join(folder, 'deploy/docker') })
  if (code !== 0) throw new Error(output)
  const [file] = await readYaml(python, stdout)
  return file as { services: Record<string, Service>, networks: Record<string, { internal?: boolean }> }
}
