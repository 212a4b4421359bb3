import { setTimeout as pause } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Letter, Progress } from '../lib/announcements/announcements.ts'
import { languageFor } from '../lib/mail/texts/languages.ts'
import { UsageError } from './support/command.ts'
import type { Command, Input, Result, Surroundings } from './support/command.ts'
import { confirm } from './support/confirmation.ts'
import { readLetter, translationOf } from './support/letter.ts'
import { createProgressBar } from './support/progress-bar.ts'
import { operator, withApp } from './support/with-app.ts'

const notify: Command = {
  usage: 'notify FILE.md [--subject TEXT] [--role ROLE] [--dry-run] [--yes]',
  help: 'mails a letter to all active users or those of a role, each once, however often it is interrupted',
  options: {
    subject: { type: 'string' },
    role: { type: 'string' },
    'dry-run': { type: 'boolean' },
    yes: { type: 'boolean' }
  },
  positionals: 1,
  run
}
export default notify

async function run ({ positionals: [path = ''], values }: Input, surroundings: Surroundings): Promise<Result> {
  const { subject, role, yes, 'dry-run': isDryRun } = values
  const texts = await readLetter(path, subject === undefined ? null : String(subject))
  const letter = { texts, role: role === undefined ? null : String(role) }

  return await withApp(surroundings, async app => {
    checkRole(app, letter)
    const progress = await look(app, letter, surroundings)
    const lines = describe(path, letter, progress)
    if (isDryRun === true || progress.isComplete) return resultOf(lines, progress, 0)

    for (const line of lines) surroundings.stderr.write(`${line}\n`)
    if (yes !== true) await confirm(surroundings, `This mails ${usersOf(progress.left)}.`, String(progress.left))
    return await send(app, letter, progress, surroundings)
  })
}

function checkRole ({ roles }: FastifyInstance, { role }: Letter) {
  if (role !== null && roles.find(role) === undefined) throw new UsageError(`There is no role "${role}".`)
}

async function look (app: FastifyInstance, letter: Letter, { stderr }: Surroundings): Promise<Progress> {
  const bar = createProgressBar(stderr, null)
  try {
    return await app.announcements.look(letter, { report: users => bar.show(users, `${usersOf(users)} read`) })
  } finally {
    bar.clear()
  }
}

async function send (
  app: FastifyInstance,
  letter: Letter,
  { written: before, left }: Progress,
  { stderr }: Surroundings
): Promise<Result> {
  const total = before + left
  const bar = createProgressBar(stderr, total)
  try {
    const written = await app.announcements.send(letter, {
      pause,
      report: ({ written, isWaiting }) => {
        bar.show(written, `${written} of ${total} mails written${isWaiting ? ', waiting for some to be sent' : ''}`)
      }
    }, operator())
    return {
      text: `The mail was written for ${usersOf(written)}. \`latchkey mails\` shows those that are not sent yet.`,
      data: { outcome: 'written', written, left: 0, newly_written: written - before }
    }
  } finally {
    bar.clear()
  }
}

function describe (path: string, { texts, role }: Letter, progress: Progress): string[] {
  const { written, left, languages, isComplete } = progress
  if (isComplete) {
    return [`It was mailed to ${usersOf(written)} already. Nobody gets it twice: change the text to write again.`]
  }

  const tags = [...new Set(languages.map(({ language }) => languageFor(language).tag))]
  const missing = tags.filter(tag => !texts.some(({ language }) => language === tag)).map(tag => {
    const readers = languages.filter(({ language }) => languageFor(language).tag === tag)
    const count = readers.reduce((sum, { count }) => sum + count, 0)
    return `To ${usersOf(count)} it goes in another language than theirs: there is no ${translationOf(path, tag)}.`
  })
  return [
    `It goes to ${usersOf(left)}${role === null ? '' : ` of the role ${role}`}.`,
    ...(written > 0 ? [`${usersOf(written)} got it before it was interrupted.`] : []),
    ...missing
  ]
}

function resultOf (lines: string[], { written, left, languages }: Progress, newlyWritten: number): Result {
  const byLanguage = Object.fromEntries(languages.map(({ language, count }) => [language, count]))
  return {
    text: lines.join('\n'),
    data: {
      outcome: left === 0 ? 'written' : 'would_write',
      written,
      left,
      newly_written: newlyWritten,
      languages: byLanguage
    }
  }
}

function usersOf (count: number): string {
  return count === 1 ? '1 user' : `${count} users`
}
