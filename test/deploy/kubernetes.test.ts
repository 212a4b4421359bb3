import { readFileSync } from 'node:fs'
import t from 'tap'
import { loadConfig } from '../../lib/config/config.ts'
import { openOnce } from '../support/once.ts'
import { runProgram } from '../support/outside/debian-program.ts'
import { debianPython, readYaml } from '../support/outside/debian-python.ts'
import { sound } from '../support/settings.ts'

interface Probe { httpGet: { path: string } }
interface Container {
  image: string
  command?: string[]
  envFrom: { configMapRef?: { name: string }, secretRef?: { name: string } }[]
  startupProbe: Probe
  readinessProbe: Probe
  livenessProbe: Probe
  lifecycle: { preStop: { exec: { command: [string, string] } } }
  ports: { name: string, containerPort: number }[]
}
interface Manifest {
  kind: string
  metadata: { name: string, labels: object }
  data: Record<string, string>
  spec: {
    selector: { matchLabels: object }
    minAvailable: number
    replicas: number
    template: { metadata: { labels: object }, spec: { terminationGracePeriodSeconds: number, containers: [Container] } }
  }
}

const python = await debianPython()
const documents = openOnce(async () => await readYaml(python, ['latchkey', 'migration'].map(name => readFileSync(`deploy/kubernetes/${name}.yaml`, 'utf8')).join('\n---\n')) as Manifest[])

t.test('the API of Kubernetes knows every field', { skip: python.missing }, async t => {
  const faults = async (manifests: unknown[]) => (await runProgram(python, ['test/deploy/manifests.py'], { input: JSON.stringify(manifests) })).output

  t.equal(await faults(await documents()), '')
  t.equal(await faults([{ apiVersion: 'apps/v1', kind: 'Deployment', spec: { replicas: '2', selector: {}, tempalte: {} } }]), [
    'Deployment.spec.replicas is no int', 'Deployment.spec has no field tempalte', 'Deployment.spec Invalid value for `template`, must not be `None`', ''
  ].join('\n'), 'and what it does not know is found')
})

t.test('the nodes start with the settings, and are watched and stopped as Latchkey wants it', { skip: python.missing }, async t => {
  const { data } = await one('ConfigMap')
  const { spec: { replicas, template: { spec: pod } } } = await one('Deployment')
  const { startupProbe, readinessProbe, livenessProbe, lifecycle, ports } = pod.containers[0]
  const config = loadConfig({ ...sound(), ...data })
  const leaving = Number(lifecycle.preStop.exec.command[1])

  t.strictSame([startupProbe, readinessProbe, livenessProbe].map(({ httpGet }) => httpGet.path), ['/health/live', '/health/ready', '/health/live'])
  t.strictSame(ports.map(({ containerPort }) => containerPort), [config.process.port, config.operations.metricsPort])
  t.ok((pod.terminationGracePeriodSeconds - leaving) * 1000 > config.process.shutdownTimeout + 5000, 'nobody is killed before the process gives up by itself')
  t.ok((await one('PodDisruptionBudget')).spec.minAvailable < replicas, 'machines can be emptied')
})

t.test('the selectors find the pods, and the migration alone has the rights of the owner', { skip: python.missing }, async t => {
  const [deployment, budget, job] = [await one('Deployment'), await one('PodDisruptionBudget'), await one('Job')]
  const [node, migration] = [deployment.spec.template.spec.containers[0], job.spec.template.spec.containers[0]]
  const secretsOf = ({ envFrom }: Container) => envFrom.flatMap(({ secretRef }) => secretRef?.name ?? [])

  for (const { spec: { selector } } of [deployment, budget]) {
    t.strictSame(selector.matchLabels, deployment.spec.template.metadata.labels)
  }
  t.notSame(job.spec.template.metadata.labels, deployment.spec.selector.matchLabels, 'no traffic for the migration')
  t.strictSame([secretsOf(node), secretsOf(migration)], [['latchkey'], ['latchkey', 'latchkey-owner']])
  t.strictSame(migration.command, ['node', 'dist/cli.js', 'migrate'])
  t.equal(migration.image, node.image)
})

async function one (kind: string): Promise<Manifest> {
  const found = (await documents()).filter(document => document.kind === kind)
  if (found[0] === undefined || found.length > 1) throw new Error(`there are ${found.length} of ${kind}`)
  return found[0]
}
