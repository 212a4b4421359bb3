import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import { startNginx, withoutNginx } from '../browser/nginx.ts'
import { run, runProcess } from '../support/command.ts'
import { deploy, start } from '../support/helper.ts'
import { createAuthority } from '../stores/certificates.ts'
import { join } from 'node:path'

interface Spoiling {
  /** Changes the headers of an answer, by lower-case names. */
  headers?: (headers: Record<string, unknown>) => void
  /** The status of an answer; that of Latchkey by default. */
  status?: (path: string, status: number) => number
}

const token = { OPERATIONS_TOKEN: 'k3Q9xT7bZr5mW2pV8sLd' }

t.test('through a proxy that changes nothing a client meets a sound deployment, and the operator sees as whom it arrives', async t => {
  t.strictSame(await meet(t, {}, token), { code: 0, findings: ['info outside_address'] })
})

t.test('a proxy that passes on the address which a client chooses is found', async t => {
  t.strictSame(await meet(t, {}, { ...token, TRUST_PROXY: '127.0.0.1' }), { code: 1, findings: ['unsafe outside_address_forgeable'] })
})

t.test('each way in which a proxy spoils an answer is one finding', async t => {
  const spoilt: [Spoiling, finding: string][] = [
    [{ headers: headers => { delete headers['strict-transport-security'] } }, 'warning outside_headers_lost'],
    [{ headers: headers => { headers['access-control-allow-origin'] = '*' } }, 'unsafe outside_cors_open'],
    [{ headers: headers => { delete headers['set-cookie'] } }, 'warning outside_cookies_lost'],
    [{ headers: headers => { replaceCookies(headers, /; HttpOnly/gi) } }, 'unsafe outside_cookies_weak'],
    [{ status: (path, status) => path === '/metrics' ? 200 : status }, 'unsafe outside_metrics'],
    [{ status: (path, status) => path === '/health/ready' ? 503 : status }, 'warning outside_not_healthy'],
    [{ status: (path, status) => path.endsWith('/me') ? 404 : status }, 'unsafe outside_not_latchkey']
  ]

  for (const [spoiling, finding] of spoilt) {
    const { findings } = await meet(t, spoiling)
    t.ok(findings.includes(finding), `${finding}: ${findings.join()}`)
    t.ok(findings.every(found => found === finding || found === 'warning outside_cors_broken'), findings.join())
  }
})

t.test('behind the nginx of deploy/ over TLS nothing is found', { skip: withoutNginx }, async t => {
  const authority = createAuthority('Authority of a test')
  const deployment = await deploy(t)
  const app = await start(t, { ...deployment })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const { https } = await startNginx(t, { latchkey: port, reports: port, certified: authority.issue('localhost') })
  const url = `https://localhost:${https}`
  const trusting = { NODE_EXTRA_CA_CERTS: join(t.testdir({ 'ca.pem': authority.cert }), 'ca.pem') }

  const found = await outside({ ...deployment, ...trusting, ISSUER_URL: url }, url, runProcess)
  t.strictSame(found.findings, ['warning outside_certificate_ends'], 'the certificates of the tests end tomorrow')
  t.strictSame((await outside({ ...deployment, ISSUER_URL: url }, url)).findings, ['unsafe outside_tls'], 'nobody trusts this authority')
})

t.test('a server that is not there could not be looked at; a wrong URL is wrong usage', async t => {
  const deployment = await deploy(t)
  t.strictSame((await outside(deployment, 'http://localhost:1')).findings, ['unknown not_examined'])
  t.match(await run(deployment, ['doctor', '--url', 'auth.example.com']), { code: 2, stdout: '', stderr: /--url takes/ })
})

/** What the command finds through a proxy, which spoils the answers of a node. */
async function meet (t: Test, spoiling: Spoiling, settings: Record<string, string> = {}) {
  const deployment = await deploy(t, { ALLOWED_ORIGINS: 'http://localhost:5173', ...settings })
  const app = await start(t, deployment)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const url = await startProxy(t, (app.server.address() as AddressInfo).port, spoiling)
  return await outside({ ...deployment, ISSUER_URL: url }, url)
}

async function startProxy (t: Test, port: number, { headers = () => {}, status = (_path, code) => code }: Spoiling) {
  const proxy = createServer((incoming, outgoing) => {
    const { method, url = '/', headers: sent } = incoming
    incoming.pipe(request({ host: '127.0.0.1', port, method, path: url, headers: sent }, answer => {
      const changed: Record<string, unknown> = { ...answer.headers }
      headers(changed)
      outgoing.writeHead(status(url, answer.statusCode ?? 0), changed as Record<string, string>)
      answer.pipe(outgoing)
    }))
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => proxy.once('listening', resolve))
  t.teardown(() => proxy.close())
  return `http://localhost:${(proxy.address() as AddressInfo).port}`
}

function replaceCookies (headers: Record<string, unknown>, pattern: RegExp) {
  const cookies = headers['set-cookie']
  if (Array.isArray(cookies)) headers['set-cookie'] = cookies.map(cookie => String(cookie).replace(pattern, ''))
}

async function outside (settings: Awaited<ReturnType<typeof deploy>>, url: string, runs = run) {
  const { code, stdout, stderr } = await runs(settings, ['doctor', '--json', '--url', url])
  if (stdout === '') throw new Error(stderr)
  const findings: { area: string, code: string, severity: string }[] = JSON.parse(stdout).findings
  return { code, findings: findings.filter(({ area }) => area === 'outside').map(({ severity, code }) => `${severity} ${code}`) }
}
