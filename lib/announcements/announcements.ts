import type { Audit } from '../audit/audit.ts'
import { netstrings } from '../crypto/netstrings.ts'
import { sha256 } from '../crypto/sha256.ts'
import { Refusal } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import type { Jobs } from '../jobs/jobs.ts'
import { batchSize, waitForRoom } from '../jobs/room.ts'
import type { AnnouncementText } from '../mail/subject-store.ts'
import type { Database } from '../stores/database.ts'
import type { Announcement, AnnouncementStore, Audience, Readers, ReadersPart } from './announcement-store.ts'

export type { Readers } from './announcement-store.ts'

/** What goes to whom. The first text is for everybody whose language has none. */
export interface Letter extends Audience { texts: AnnouncementText[] }

/** How far an announcement has come: for how many a mail was written, and who is left. */
export interface Progress { written: number, left: number, languages: Readers[], isComplete: boolean }

export interface LookOptions { report?: (users: number) => void }

export interface SendOptions {
  /** Called after each batch and while it waits for mails to go. */
  report: (state: { written: number, isWaiting: boolean }) => void
  /** Resolves after some milliseconds. */
  pause: (milliseconds: number) => Promise<void>
}

interface Parts {
  database: Database
  store: AnnouncementStore
  jobs: Pick<Jobs, 'sendAll' | 'countDue' | 'countLeft'>
  audit: Pick<Audit, 'record'>
}

export type Announcements = ReturnType<typeof createAnnouncements>

const lowestId = '00000000-0000-0000-0000-000000000000'

/**
 * Mails that are tried again within this time (ms) count as waiting. The first four pauses of a mail that fails are
 * shorter. Together they exceed the ten minutes after which sending gives up, so the first batch shows that a server
 * takes no mail. A mail that has failed for hours holds nobody up: its recipient may be the cause.
 */
const retryWithinMs = 900_000

/** Mails to all users, or to those of a role. */
export function createAnnouncements ({ database, store, jobs, audit }: Parts) {
  return { look, send }

  /**
   * Counts the users who get a letter, or who are left to get it. Writes nothing.
   * @param options `report` is called with the number of users that have been read, again and again
   */
  async function look ({ role, texts }: Letter, { report = () => {} }: LookOptions = {}): Promise<Progress> {
    const begun = await store.find(digestOf({ role, texts }))
    const isComplete = begun !== null && begun.completedAt !== null
    const languages = isComplete ? [] : await countReaders({ role }, begun, report)
    const left = languages.reduce((sum, { count }) => sum + count, 0)
    return { written: begun?.recipients ?? 0, left, languages, isComplete }
  }

  /** Counts part by part, the most frequent language first: no statement takes long, however many users there are. */
  async function countReaders (
    audience: Audience, begun: Announcement | null, report: (users: number) => void
  ): Promise<Readers[]> {
    const counts = new Map<string, number>()
    const createdAt = begun?.createdAt ?? null
    let read = 0
    let after: string | null = begun?.afterId ?? lowestId

    while (after !== null) {
      const { users, last, languages }: ReadersPart = await store.readers(audience, { afterId: after, createdAt })
      for (const { language, count } of languages) counts.set(language, (counts.get(language) ?? 0) + count)
      if (users > 0) report(read += users)
      after = last
    }
    return [...counts].map(([language, count]) => ({ language, count })).sort(byCount)
  }

  /**
   * Writes one mail for each user, as jobs, and no faster than they are sent: none while the mail server takes none. A
   * letter that was interrupted goes on where it was, also if two send it at once: each user gets one. Returns how many
   * got one in all.
   * @throws Refusal `unavailable`
   * @throws Error if no mail has been sent for ten minutes, or if the last ones were all refused for good
   */
  async function send (letter: Letter, { report, pause }: SendOptions, caller: Caller): Promise<number> {
    await begin(letter, caller)
    for (let last: number[] = []; ;) {
      const { recipients: before } = await find(letter)
      const onWait = () => report({ written: before, isWaiting: true })
      await waitForRoom(() => lookForRoom(last), { pause, onWait, stalled })

      const { written, isComplete, jobIds } = await writeBatch(letter)
      last = jobIds
      report({ written, isWaiting: false })
      if (isComplete) return written
    }
  }

  async function begin (letter: Letter, caller: Caller): Promise<void> {
    const { role, texts } = letter
    await database.begin(async tx => {
      if (!await store.add(tx, digestOf(letter), letter)) return
      const personal = { role, subject: texts[0]?.subject ?? '' }
      await audit.record(tx, { event: 'users_notified', outcome: 'success', subject: null, caller, personal })
    })
  }

  async function find (letter: Letter): Promise<Announcement> {
    const announcement = await store.find(digestOf(letter))
    if (announcement === null) throw new Refusal('unavailable')
    return announcement
  }

  // If the server refuses a mail of the last batch, it may refuse all of them: then the next batch waits until one of
  // them is taken.
  async function lookForRoom (last: number[]): Promise<{ hasRoom: boolean, left: number }> {
    const due = await jobs.countDue('mail', retryWithinMs)
    const { waiting, failed } = await jobs.countLeft(last)
    if (failed > 0 && failed === last.length) throw new Error(refused)

    const isRefusing = failed > 0 && waiting + failed === last.length
    return { hasRoom: due < batchSize && !isRefusing, left: due }
  }

  /**
   * Writes mails for the next users in one transaction, or none if another command has written them meanwhile. Returns
   * for how many in all, and the ids of the new jobs.
   */
  async function writeBatch (letter: Letter): Promise<{ written: number, isComplete: boolean, jobIds: number[] }> {
    const { id, ...before } = await find(letter)
    const { userIds, last, isComplete } = await nextReaders(letter, before)

    return await database.begin(async tx => {
      const now = await store.lock(tx, id)
      const isOver = now === null || now.completedAt !== null
      if (isOver || now.afterId !== before.afterId) {
        return { written: now?.recipients ?? 0, isComplete: isOver, jobIds: [] }
      }

      const mails = userIds.map(userId => ({ kind: 'announcement', announcementId: id, userId }))
      const jobIds = await jobs.sendAll(tx, 'mail', mails)
      await store.advance(tx, id, last, userIds.length)
      if (isComplete) await store.complete(tx, id)
      return { written: now.recipients + userIds.length, isComplete, jobIds }
    })
  }

  /** The next users to whom it goes, a batch or all that are left, and the last user who was looked at. */
  async function nextReaders (
    audience: Audience, { afterId, createdAt }: Pick<Announcement, 'afterId' | 'createdAt'>
  ): Promise<{ userIds: string[], last: string, isComplete: boolean }> {
    const userIds: string[] = []
    let last = afterId
    for (;;) {
      const part = await store.next(audience, { afterId: last, createdAt }, batchSize - userIds.length)
      userIds.push(...part.ids)
      last = part.last ?? last
      if (part.last === null || userIds.length === batchSize) return { userIds, last, isComplete: part.last === null }
    }
  }
}

const stalled = 'No mail has been sent for ten minutes: does a node run, does the mail server answer? What was written ' +
  'is sent once they do. Run the same command again to go on.'

const refused = `The mail server has refused the last ${batchSize} mails for good, so no more are written: ` +
  '`latchkey mails --failed` says why. Mend it, let `latchkey mails --retry all` send them again, and run the same ' +
  'command again to go on.'

function byCount (one: Readers, other: Readers): number {
  return other.count - one.count || (one.language < other.language ? -1 : 1)
}

function digestOf ({ role, texts }: Letter): Buffer {
  const fields = texts.flatMap(({ language, subject, body }) => [language, subject, body])
  return sha256(netstrings([role, ...fields]))
}
