import { access, link, open, unlink } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { formatOf } from '../lib/transfers/files.ts'
import { UsageError } from './support/command.ts'
import type { Command, Input, Result, Surroundings } from './support/command.ts'
import { createProgressBar } from './support/progress-bar.ts'
import { operator, withApp } from './support/with-app.ts'

const exportUsers: Command = {
  usage: 'export-users FILE',
  help: 'writes all users, with the hashes of their passwords, into a new file, NDJSON or CSV; - is standard output',
  options: {},
  positionals: 1,
  run
}
export default exportUsers

async function run (
  { positionals: [path = ''], values: { json } }: Input,
  surroundings: Surroundings
): Promise<Result> {
  const { stdout, stderr } = surroundings
  const isPiped = path === '-'
  if (isPiped && stdout.isTTY) {
    throw new UsageError('Hashes of passwords do not go onto a terminal: name a file, or a pipe.')
  }
  if (isPiped && json === true) throw new UsageError('--json tells of a file; standard output has the users.')

  return await withApp(surroundings, async app => {
    const bar = createProgressBar(stderr, null)
    let users = 0
    const text = app.userTransfers.exportUsers(formatOf(path) ?? 'ndjson', {
      report: done => {
        users = done
        bar.show(done, `${done} users`)
      }
    }, operator())

    try {
      if (isPiped) await pipeline(Readable.from(text), stdout)
      else await write(path, text)
    } finally {
      bar.clear()
    }
    if (isPiped) return { text: '', data: {} }
    return {
      text: `${users} users are in ${path}, with the hashes of their passwords: keep it secret.`,
      data: { users }
    }
  })
}

/**
 * Writes a new file that only its owner may read, under its name only when it is whole. Nothing is overwritten. What a
 * killed command leaves behind ends in `.partial`.
 */
async function write (path: string, text: AsyncIterable<string>) {
  if (await isThere(path)) throw new Error(`EEXIST: ${path} is there already, and nothing is overwritten`)
  const partial = `${path}.partial`
  const file = await open(partial, 'wx', 0o600)
  try {
    const target: Writable = file.createWriteStream({ flush: true })
    await pipeline(Readable.from(text), target)
    // Unlike a rename it fails if the file has come into being meanwhile.
    await link(partial, path)
  } finally {
    await unlink(partial)
  }
}

async function isThere (path: string) {
  return await access(path).then(() => true, () => false)
}
