import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { isDebian, unpackDebian } from '../../dev/services/debian.ts'
import type { Unpacked } from '../../dev/services/debian.ts'
import { freePort, isOpen } from '../../dev/services/ports.ts'
import { startPrivateServer } from '../../dev/services/private-server.ts'
import type { Certified } from '../stores/certificates.ts'

const unpacked = isDebian() ? await unpackDebian(['nginx']).catch((error: Error) => error) : new Error('nginx comes from Debian here')
if (unpacked instanceof Error) console.error(`Left out: no nginx here. ${unpacked.message}`)

/** The reason why tests with nginx are skipped, or false if they can run. */
export const withoutNginx = unpacked instanceof Error && 'there is no nginx here'

interface Upstreams {
  /** The ports of the two nodes; a single node is both. */
  latchkey: number | [number, number]
  reports: number
  certified: Certified
}

/** Debian's nginx as the current user, with deploy/nginx.conf unchanged except for its ports and its certificate. */
export async function startNginx (t: Pick<Test, 'teardown'>, { latchkey, reports, certified }: Upstreams) {
  const [first, second] = typeof latchkey === 'number' ? [latchkey, latchkey] : latchkey
  const { folder, env } = unpacked as Unpacked
  const home = mkdtempSync(join(tmpdir(), 'latchkey-nginx-'))
  const [http, https] = [await freePort(), await freePort()]
  const accessLog = join(home, 'access.log')

  const file = (name: string, content: string) => {
    writeFileSync(join(home, name), content, { mode: 0o600 })
    return join(home, name)
  }
  file('site.conf', adapt(readFileSync('deploy/nginx.conf', 'utf8'), {
    'listen 80;': `listen 127.0.0.1:${http};`,
    'listen 443 ssl http2;': `listen 127.0.0.1:${https} ssl http2;`,
    '/etc/ssl/auth.example.com.pem': file('certificate.pem', certified.cert),
    '/etc/ssl/auth.example.com.key': file('key.pem', certified.key),
    'server 127.0.0.1:3000 ': `server 127.0.0.1:${first} `,
    'server 127.0.0.1:3001 ': `server 127.0.0.1:${second} `,
    'server 127.0.0.1:4000;': `server 127.0.0.1:${reports};`
  }))
  file('nginx.conf', surroundings(accessLog))

  const server = await startPrivateServer({
    name: 'nginx',
    command: [join(folder, 'usr/sbin/nginx'), '-p', home, '-c', join(home, 'nginx.conf'), '-e', join(home, 'error.log')],
    env,
    stopSignal: 'TERM',
    log: join(home, 'output.log'),
    answers: async () => await isOpen(https)
  })
  t.teardown(() => server.stop())
  return { http, https, accessLog: () => readFileSync(accessLog, 'utf8'), errorLog: () => readFileSync(join(home, 'error.log'), 'utf8') }
}

function adapt (text: string, changes: Record<string, string>) {
  return Object.entries(changes).reduce((adapted, [from, to]) => {
    if (!adapted.includes(from)) throw new Error(`deploy/nginx.conf has no ${from}`)
    return adapted.replace(from, to)
  }, text)
}

/** The content of Debian's own nginx.conf, without anything that needs root. */
function surroundings (accessLog: string) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${name};`)
  return `
    daemon off;
    master_process off;
    pid nginx.pid;
    events {}
    http {
      ${temporary.join(' ')}
      log_format short '$server_protocol $request_method $uri $status';
      access_log ${accessLog} short;
      include site.conf;
    }
  `
}
