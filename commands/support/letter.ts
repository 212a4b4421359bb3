import { readFile } from 'node:fs/promises'
import type { AnnouncementText } from '../../lib/mail/subject-store.ts'
import { languages } from '../../lib/mail/texts/languages.ts'
import { splitTitle } from '../../lib/mail/texts/markdown.ts'

const subjectLengthMax = 150
const bodyLengthMax = 20_000

/**
 * Reads a letter in each language that has a file: `letter.md` in the first language, `letter.de.md` beside it in
 * German. The subject is the title in the first line (`# …`); one that is given takes its place in the first language.
 * @throws Error for a person: a file that cannot be read, is empty, too long, or has no subject
 */
export async function readLetter (path: string, subject: string | null): Promise<AnnouncementText[]> {
  const texts: AnnouncementText[] = []
  for (const [place, { tag }] of languages.entries()) {
    const file = place === 0 ? path : translationOf(path, tag)
    const content = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (place > 0 && error.code === 'ENOENT') return null
      throw error
    })
    if (content !== null) texts.push(read(file, content, { language: tag, subject: place === 0 ? subject : null }))
  }
  return texts
}

/** The name of the file with the translation of another one: `letter.de.md`. */
export function translationOf (path: string, tag: string): string {
  return `${path.replace(/\.md$/i, '')}.${tag}.md`
}

function read (file: string, content: string, { language, subject }: { language: string, subject: string | null }) {
  const { title, body } = splitTitle(content.replace(/^\ufeff/, ''))
  const chosen = (subject ?? title ?? '').trim()
  if (/[\0\ufffd]/.test(content)) throw new Error(`${file} is not UTF-8: save it as UTF-8.`)
  if (chosen === '') throw new Error(`${file} has no subject: begin it with a line such as "# Subject", or use --subject.`)
  if (chosen.length > subjectLengthMax) throw new Error(`The subject of ${file} is longer than ${subjectLengthMax} characters.`)
  if (body.trim() === '') throw new Error(`${file} has no text.`)
  if (body.length > bodyLengthMax) throw new Error(`${file} is longer than ${bodyLengthMax} characters.`)
  return { language, subject: chosen, body: body.trim() }
}
