import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import t from 'tap'
import { loadConfig } from '../../lib/config/config.ts'
import { sound } from '../support/settings.ts'

interface PM2App {
  script: string
  exec_mode: string
  instances: number
  env: Record<string, string>
  increment_var: string
  kill_timeout: number
  out_file: string
}

const { apps: [app] } = createRequire(import.meta.url)(`${process.cwd()}/deploy/pm2/ecosystem.config.cjs`) as { apps: [PM2App] }

t.test('the processes of a machine share its cores, and each has a port for its metrics', async t => {
  const config = loadConfig({ ...sound(), HOST: '127.0.0.1', ...app.env })
  const targets = readFileSync('deploy/prometheus/latchkey.targets.yml', 'utf8')

  t.match(app, { exec_mode: 'cluster', increment_var: 'METRICS_PORT' })
  t.ok(config.passwords.concurrency * app.instances <= Math.max(availableParallelism(), app.instances))
  for (let process = 0; process < app.instances; process++) t.match(targets, `127.0.0.1:${(config.operations.metricsPort ?? 0) + process}`)
})

t.test('PM2 runs what npm start runs, waits while it drains, and logs where logrotate looks', async t => {
  const config = loadConfig({ ...sound(), HOST: '127.0.0.1', ...app.env })
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))

  t.equal(`node ${app.script}`, scripts.start)
  t.ok(existsSync(app.script.replace('dist/', '').replace('.js', '.ts')))
  t.ok(app.kill_timeout > config.process.shutdownTimeout + 5000, 'nobody is killed before the process gives up by itself')
  t.match(app.out_file, /^\/var\/log\/latchkey\/[\w-]+\.log$/)
})
