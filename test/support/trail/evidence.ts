import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { until } from '../until.ts'

export interface TrailRow {
  event: string
  outcome: string
  reason: string | null
  actorId: string | null
  subjectId: string | null
  sessionId: string | null
  requestId: string
  addressHmac: Buffer | null
  personal: Buffer | null
  /** The content of `personal`, decrypted with the subject's key; null when that key is erased. */
  read: Record<string, unknown> | null
}

/**
 * The audit trail in its order, of one subject (null: without a subject) or whole, decrypted with the keys that are
 * left.
 */
export async function trail (app: FastifyInstance, subjectId?: string | null): Promise<TrailRow[]> {
  const rows = await app.database<TrailRow & { wrappedKey: Buffer | null }>`
    select a.event, a.outcome, a.reason, a.actor_id, a.subject_id, a.session_id, a.request_id, a.address_hmac, a.personal, k.wrapped_key
    from audit_events a left join subject_keys k on k.subject_id = a.subject_id
    order by a.id`

  return rows
    .filter(row => subjectId === undefined || row.subjectId === subjectId)
    .map(({ wrappedKey, ...row }) => ({
      ...row,
      read: row.personal &&
        app.audit.read(row.event, row.subjectId === null ? null : { id: row.subjectId, wrappedKey }, row.personal)
    }))
}

export const eventsOf = async (app: FastifyInstance, subjectId?: string | null) =>
  (await trail(app, subjectId)).map(row => row.event)

/** The mails that wait to be sent, by cause; they stay only where no worker runs. */
export async function mailJobs (app: FastifyInstance, kind?: string) {
  const rows = await app.database<{ data: { kind: string } & Record<string, string> }>`select data from jobs where queue = 'mail' order by id`
  return rows.map(({ data }) => data).filter(data => kind === undefined || data.kind === kind)
}

export interface SentMail { kind: string, to: string, raw: string, code: string | undefined }

/** The sent mails, read from the folder once no job waits any more. */
export async function sentMails (app: FastifyInstance, dataDir: string): Promise<SentMail[]> {
  await until(async () => (await mailJobs(app)).length === 0)
  const folder = join(dataDir, 'mails')
  const files = (await readdir(folder).catch(() => [])).sort()

  return await Promise.all(files.map(async file => {
    const raw = await readFile(join(folder, file), 'utf8')
    return {
      kind: /^X-Latchkey-Mail: (.+?)\r?$/m.exec(raw)?.[1] ?? '',
      to: /^To: (.+?)\r?$/m.exec(raw)?.[1] ?? '',
      raw,
      code: /^\D*(\d{6})\D*$/m.exec(raw.split('\r\n\r\n').slice(1).join('\n'))?.[1]
    }
  }))
}
