import { join } from 'node:path'
import { isDebian, unpackDebian } from '../../../dev/services/debian.ts'
import { debianProgram, runProgram } from './debian-program.ts'
import type { DebianProgram } from './debian-program.ts'

/** What judges deployments: Compose, which checks its files by the schema, and the types of Kubernetes' API. */
const ofDeployments = ['docker-compose', 'python3-kubernetes']

/** Debian's Python with such packages; `root` is the folder below which they are unpacked. */
export async function debianPython (packages = ofDeployments): Promise<DebianProgram> {
  const python = await debianProgram('python3', ['python3'])
  const unpacked = isDebian() ? await unpackDebian(packages).catch((error: Error) => error) : new Error('it comes from Debian')
  if (unpacked instanceof Error) {
    console.error(`Left out: no ${packages.join(', no ')} here. ${unpacked.message}`)
    return { ...python, missing: `there is no ${packages.join(' and no ')} here` }
  }
  const PYTHONPATH = join(unpacked.folder, 'usr/lib/python3/dist-packages')
  return { ...python, root: unpacked.folder, env: { ...unpacked.env, PYTHONPATH, PYTHONDONTWRITEBYTECODE: '1' } }
}

/** The documents of a text in YAML. */
export async function readYaml (python: DebianProgram, text: string): Promise<unknown[]> {
  const script = 'import json, sys, yaml; json.dump(list(yaml.safe_load_all(sys.stdin)), sys.stdout)'
  const { code, stdout, output } = await runProgram(python, ['-c', script], { input: text })
  if (code !== 0) throw new Error(output)
  return JSON.parse(stdout)
}
