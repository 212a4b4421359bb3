import { constants, createReadStream } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import { formatOf } from '../lib/transfers/files.ts'
import type { Tally } from '../lib/transfers/transfers.ts'
import { UsageError } from './support/command.ts'
import type { Command, Input, Result, Surroundings } from './support/command.ts'
import { createProgressBar } from './support/progress-bar.ts'
import { operator, withApp } from './support/with-app.ts'

const importUsers: Command = {
  usage: 'import-users FILE [--allow-role ROLE …] [--dry-run]',
  help: 'makes accounts of the users in a file, NDJSON or CSV; - is standard input; powerful roles must be allowed',
  options: { 'allow-role': { type: 'string', multiple: true }, 'dry-run': { type: 'boolean' } },
  positionals: 1,
  run
}
export default importUsers

async function run (
  { positionals: [path = ''], values: { 'allow-role': roles, 'dry-run': dryRun } }: Input,
  surroundings: Surroundings
): Promise<Result> {
  const bar = createProgressBar(surroundings.stderr, await sizeOf(path))
  const allowedRoles = Array.isArray(roles) ? roles.map(String) : []
  let done = 0
  let tally: Tally | null = null

  return await withApp(surroundings, async app => {
    checkRoles(app, allowedRoles)
    try {
      tally = await app.userTransfers.importUsers(counted(), {
        format: formatOf(path),
        isDryRun: dryRun === true,
        allowedRoles,
        refuse: (line, reason) => bar.print(`line ${line}: ${reason}`),
        report: soFar => {
          tally = soFar
          const { read, imported, skipped, refused } = soFar
          bar.show(done, `${read} read, ${imported} imported, ${skipped} skipped, ${refused} refused`)
        }
      }, operator())
      return resultOf(tally, dryRun === true)
    } catch (error) {
      if (tally !== null && dryRun !== true) {
        bar.print(`It has stopped. The ${tally.imported} accounts that were made stay; begin again to go on.`)
      }
      throw error
    } finally {
      bar.clear()
    }
  })

  async function * counted () {
    for await (const chunk of path === '-' ? surroundings.stdin : createReadStream(path)) {
      done += chunk.length
      yield chunk
    }
  }
}

function checkRoles ({ roles }: FastifyInstance, names: string[]) {
  const unknown = names.find(name => roles.find(name) === undefined)
  if (unknown !== undefined) throw new UsageError(`There is no role "${unknown}".`)
}

/** The size of a readable file in bytes; null where it is not known yet. */
async function sizeOf (path: string): Promise<number | null> {
  if (path === '-') return null

  await access(path, constants.R_OK)
  const file = await stat(path)
  return file.isFile() ? file.size : null
}

function resultOf ({ withoutPassword, ...tally }: Tally, isDryRun: boolean): Result {
  const { read, imported, skipped, refused } = tally
  const sentences = [
    `${isDryRun ? 'It would import' : 'Imported'} ${imported} of ${read} users; ` +
      `${skipped} have an account already, ${refused} refused.`,
    withoutPassword > 0 && `${withoutPassword} of those imported have no password here and come in by a reset.`
  ]
  return {
    text: sentences.filter(Boolean).join('\n'),
    data: { ...tally, without_password: withoutPassword },
    isPartial: refused > 0
  }
}
