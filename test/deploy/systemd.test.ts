import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { loadConfig } from '../../lib/config/config.ts'
import { debianProgram, runProgram } from '../support/outside/debian-program.ts'
import { sound } from '../support/settings.ts'

const unit = readFileSync('deploy/systemd/latchkey@.service', 'utf8')
const analyze = await debianProgram('systemd-analyze', ['systemd'])
const curl = await debianProgram('curl', ['curl'])
const valuesOf = (name: string) => [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value)
/** The unit as /etc/systemd/system has it once an instance is made of it. */
const instance = join(mkdtempSync(join(tmpdir(), 'latchkey-unit-')), 'latchkey@3000.service')
writeFileSync(instance, unit.replaceAll('/usr/bin/node', process.execPath))

t.test('systemd accepts the unit', { skip: analyze.missing }, async t => {
  t.match(await runProgram(analyze, ['verify', '--man=no', instance]), { code: 0, output: '' })
})

t.test('the unit leaves the node few rights', { skip: analyze.missing }, async t => {
  // systemd rates exposure from 0 to 10, and calls up to 2 "OK"; the threshold counts tenths.
  const { code, output } = await runProgram(analyze, ['security', '--offline=yes', '--no-pager', '--threshold=20', instance])
  t.equal(code, 0, output)
})

t.test('a timer verifies the audit trail each night, with as few rights', { skip: analyze.missing }, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-units-'))
  const [service = '', timer = ''] = ['service', 'timer'].map(kind => {
    const text = readFileSync(`deploy/systemd/latchkey-audit-verify.${kind}`, 'utf8')
    const path = join(folder, `latchkey-audit-verify.${kind}`)
    writeFileSync(path, text.replaceAll('/usr/bin/node', process.execPath))
    return path
  })

  t.match(await runProgram(analyze, ['verify', '--man=no', service, timer]), { code: 0, output: '' })
  const { code, output } = await runProgram(analyze, ['security', '--offline=yes', '--no-pager', '--threshold=20', service])
  t.equal(code, 0, output)
  const [, options] = /^ExecStart=\S+ dist\/cli\.js audit-verify (.*)$/m.exec(readFileSync(service, 'utf8')) ?? []
  t.equal(options, '--record')
})

t.test('the unit migrates, runs what npm start runs, and lets it drain', async t => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))
  const environment = Object.fromEntries(valuesOf('Environment').join(' ').replaceAll('%i', '3000').split(' ').map(pair => pair.split('=')))
  const config = loadConfig({ ...sound(), HOST: '127.0.0.1', ...environment })

  t.strictSame(valuesOf('ExecStart'), [`/usr/bin/${scripts.start}`])
  t.strictSame(valuesOf('ExecStartPre'), ['/usr/bin/node dist/cli.js migrate'])
  t.match(config, { process: { environment: 'production', port: 3000 }, operations: { metricsPort: 13_000 } })
  t.ok(Number(valuesOf('TimeoutStopSec')[0]) * 1000 > config.process.shutdownTimeout + 5000, 'nobody is killed before the process gives up by itself')
})

t.test('a start ends when the node takes traffic', { skip: curl.missing }, async t => {
  let asked = 0
  const node = createServer(({ url }, response) => {
    t.equal(url, '/health/ready')
    response.writeHead(++asked === 1 ? 503 : 200).end()
  }).listen(0, '127.0.0.1')
  t.teardown(() => node.close())
  await once(node, 'listening')
  const [, ...args] = (valuesOf('ExecStartPost')[0] ?? '').replaceAll('%i', String((node.address() as AddressInfo).port)).split(' ')

  await promisify(execFile)(curl.path, args, { env: curl.env })
  t.equal(asked, 2, 'not while it is starting')
})
