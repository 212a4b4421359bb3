import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { freePort } from '../../dev/services/ports.ts'
import { startPrivateServer } from '../../dev/services/private-server.ts'
import { api, spawnNode } from '../failure/nodes.ts'
import { connect } from '../support/database.ts'
import { deploy } from '../support/helper.ts'
import { openOnce } from '../support/once.ts'
import { debianProgram, runProgram } from '../support/outside/debian-program.ts'
import { startStopwatch } from '../support/stopwatch.ts'

interface Panel {
  id: number
  title: string
  gridPos: { x: number, y: number, w: number, h: number }
  targets?: { expr: string, datasource: unknown }[]
}

const folder = 'deploy/prometheus'
const text = (name: string) => readFileSync(name, 'utf8')
const rules = text(`${folder}/latchkey.rules.yml`)
const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name)
const cases = text(`${folder}/latchkey.rules.test.yml`)
const { panels } = JSON.parse(text('deploy/grafana/latchkey.json')) as { panels: Panel[] }
/** Figures that only an alert or an auditor needs. */
const notDrawn = new Set([
  'latchkey_audit_chain_breaks_total', 'latchkey_audit_chain_head', 'latchkey_audit_chain_length', 'latchkey_clean_up_duration_seconds',
  'latchkey_clean_up_success_timestamp_seconds', 'latchkey_confirmations_total', 'latchkey_followers', 'latchkey_forwarded_unreadable_total',
  'latchkey_jobs_total', 'latchkey_log_lines_lost_total'
])
const [prometheus, promtool] = [await debianProgram('prometheus', ['prometheus']), await debianProgram('promtool', ['prometheus'])]
const whole = openOnce(() => watch(t))

t.test('promtool accepts the settings and the rules', { skip: promtool.missing }, async t => {
  const { code, output } = await runProgram(promtool, ['check', 'config', 'prometheus.yml'], { cwd: folder })
  t.equal(code, 0, output)
  t.match(output, `${alerts.length} rules found`)
})

t.test('every alert is silent in one case and fires in another', { skip: promtool.missing }, async t => {
  const { code, output } = await runProgram(promtool, ['test', 'rules', 'latchkey.rules.test.yml'], { cwd: folder })
  t.equal(code, 0, output)

  const samplesOf = (alert: string) => [...cases.matchAll(new RegExp(`alertname="${alert}",.*\\n.*\\n +exp_samples: (.*)`, 'g'))].map(([, samples = '']) => samples)
  for (const alert of alerts) {
    const samples = samplesOf(alert)
    t.ok(samples.includes('[]') && samples.some(text => text.includes('value: 1')), alert)
  }
})

t.test('every alert has its paragraph in the runbook, and points there', async t => {
  const page = text('docs/runbook.md')
  const paragraphs = new Map(page.split(/^### /m).slice(1).map(part => [part.slice(0, part.indexOf('\n')), part]))

  t.strictSame([...paragraphs.keys()], alerts, 'in the order of the rules')
  for (const [name, paragraph] of paragraphs) {
    t.match(paragraph, /^- \*\*Meaning\*\*: .+\n- \*\*Look\*\*: .+\n- \*\*Do\*\*: .+/m, name)
    t.match(rules, `runbook: docs/runbook.md#${name.toLowerCase()}\n`)
  }
})

t.test('Prometheus scrapes a node and evaluates every rule, and a sound deployment raises no alarm', { skip: prometheus.missing }, async t => {
  const { ask } = await whole()
  const evaluated = await untilFound(async () => {
    const { groups } = await ask('rules') as { groups: { rules: { name: string, health: string, lastError?: string, state: string }[] }[] }
    const all = groups.flatMap(group => group.rules)
    return all.some(({ health }) => health === 'unknown') ? null : all
  })

  t.strictSame(evaluated.map(({ name }) => name).sort(), [...alerts].sort())
  t.strictSame(evaluated.filter(({ health }) => health !== 'ok'), [])
  t.strictSame(evaluated.filter(({ state }) => state === 'firing').map(({ name }) => name), [])
})

t.test('a node has every series that a rule or a page asks for', { skip: prometheus.missing }, async t => {
  const { query, names } = await whole()
  const known = new Set(await names())
  // Not shown before it has happened, or asked for by its absence.
  const later = /status=~"5|^latchkey_clean_up_(success|duration)/
  const selectors = rules.match(/\b(?:latchkey|http|process|nodejs)_\w+(?:\{[^}]*\})?/g)?.filter(selector => selector !== 'latchkey_outside') ?? []

  t.ok(selectors.length > 40)
  for (const selector of new Set(selectors)) {
    if (!later.test(selector)) t.ok((await query(selector)).length > 0, selector)
  }
  for (const page of ['docs/monitoring.md', 'docs/runbook.md', 'docs/operations.md']) {
    for (const [name] of text(page).matchAll(/\b(?:latchkey|http|process|nodejs)_[a-z_]+[a-z]\b/g)) {
      t.ok(later.test(name) || [...known].some(series => series.startsWith(name)) || isNoMetric(name), `${page}: ${name}`)
    }
  }
})

t.test('each query of the dashboard shows something of a node', { skip: prometheus.missing }, async t => {
  const { query, names } = await whole()
  const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
  for (const expression of queries) t.ok((await query(expression.replaceAll('$__rate_interval', '1m'))).length > 0, expression)

  const own = (await names()).filter(name => name.startsWith('latchkey_') && !/_(bucket|sum|count)$/.test(name))
  const unseen = own.filter(name => !queries.some(expression => expression.includes(name)))
  t.strictSame(unseen.filter(name => !notDrawn.has(name)), [], 'no figure of Latchkey is left out')
})

t.test('the panels of the dashboard have names and numbers of their own, and do not cover each other', async t => {
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
  t.equal(new Set(panels.map(({ title }) => title)).size, panels.length)
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => Array.from({ length: w * h }, (_, cell) => `${x + cell % w}:${y + Math.floor(cell / w)}`))
  t.equal(new Set(cells).size, cells.length)
  t.ok(panels.every(({ gridPos: { x, w } }) => x + w <= 24))
  for (const { targets = [] } of panels) for (const { datasource } of targets) t.match(datasource, { type: 'prometheus', uid: /^\$\{datasource\}$/ })
})

/** Names of roles and databases look like those of metrics. */
function isNoMetric (name: string) {
  return /^latchkey_(runtime|readonly|owner|app)/.test(name)
}

/** A node that listens, and Prometheus with the shipped files, unchanged except for the addresses and the pace. */
async function watch (t: Pick<Test, 'teardown'>) {
  const metricsPort = await freePort()
  const deployment = await deploy(t)
  // In the databases of tests no role demands a second factor.
  await connect(t, deployment.DATABASE_DIRECT_URL)`update roles set second_factor = 'required' where name = 'admin'`
  const node = await spawnNode(t, { ...deployment, METRICS_PORT: String(metricsPort), LOG_LEVEL: 'error' })
  await node.send('GET', api('/auth/me'))
  const home = mkdtempSync(join(tmpdir(), 'latchkey-prometheus-'))
  const port = await freePort()
  writeFileSync(join(home, 'latchkey.rules.yml'), rules)
  writeFileSync(join(home, 'latchkey.targets.yml'), `- targets: [127.0.0.1:${metricsPort}]`)
  writeFileSync(join(home, 'prometheus.yml'), adapt(text(`${folder}/prometheus.yml`), {
    'scrape_interval: 15s': 'scrape_interval: 1s',
    'evaluation_interval: 15s': 'evaluation_interval: 1s',
    '127.0.0.1:9093': `127.0.0.1:${await freePort()}`,
    '127.0.0.1:9100': `127.0.0.1:${await freePort()}`,
    '127.0.0.1:9115': `127.0.0.1:${await freePort()}`
  }))
  const server = await startPrivateServer({
    name: 'Prometheus',
    command: [prometheus.path, `--config.file=${join(home, 'prometheus.yml')}`, `--storage.tsdb.path=${join(home, 'data')}`, `--web.listen-address=127.0.0.1:${port}`],
    env: { ...prometheus.env, GOMAXPROCS: '1' },
    stopSignal: 'TERM',
    log: join(home, 'output.log'),
    answers: async () => await fetch(`http://127.0.0.1:${port}/-/ready`).then(({ ok }) => ok, () => false)
  })
  t.teardown(() => server.stop())
  // Two scrapes, so that there is a rate.
  await untilFound(async () => (await query('count_over_time(up{job="latchkey"}[1m]) >= 2'))[0] ?? null)
  return { ask, query, names }

  async function ask (path: string, parameters: Record<string, string> = {}) {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}?${String(new URLSearchParams(parameters))}`)
    const { status, data, error } = await answer.json() as { status: string, data: unknown, error?: string }
    if (status !== 'success') throw new Error(error)
    return data
  }

  /** What a query returns now. */
  async function query (expression: string) {
    return (await ask('query', { query: expression }) as { result: { metric: Record<string, string>, value: [number, string] }[] }).result
  }

  async function names () {
    return await ask('label/__name__/values') as string[]
  }
}

function adapt (text: string, changes: Record<string, string>) {
  return Object.entries(changes).reduce((adapted, [from, to]) => {
    if (!adapted.includes(from)) throw new Error(`deploy/prometheus/prometheus.yml has no ${from}`)
    return adapted.replace(from, to)
  }, text)
}

/** Asks again until there is something. Each question costs Prometheus some work, so there are not many a second. */
async function untilFound<T> (look: () => Promise<T | null>): Promise<T> {
  const passed = startStopwatch()
  for (let found = await look(); passed() < 20_000; found = await look()) {
    if (found !== null) return found
    await pause(200)
  }
  throw new Error('nothing was found within 20 s')
}
