import { createHierarchyStore } from '../../../lib/access/hierarchy-store.ts'
import { createRoleStore } from '../../../lib/access/role-store.ts'
import { createErasureStore } from '../../../lib/accounts/erasure-store.ts'
import { createPersonalExportStore } from '../../../lib/accounts/personal-export-store.ts'
import { createUserDirectoryStore } from '../../../lib/administration/directory-store.ts'
import { createAnnouncementStore } from '../../../lib/announcements/announcement-store.ts'
import { createAuditSealStore } from '../../../lib/audit/seal-store.ts'
import { createAuditTrailStore } from '../../../lib/audit/trail-store.ts'
import { createUnsealedStore } from '../../../lib/audit/unsealed-store.ts'
import { createChangeStore } from '../../../lib/changes/change-store.ts'
import { createPasskeyStore } from '../../../lib/factors/passkey-store.ts'
import { createSpentChallengeStore } from '../../../lib/factors/spent-challenge-store.ts'
import { createQueueStore } from '../../../lib/jobs/queue-store.ts'
import { createMailSubjectStore } from '../../../lib/mail/subject-store.ts'
import { createCleanUpStore } from '../../../lib/operations/clean-up-store.ts'
import type { Kind } from '../../../lib/operations/clean-up-store.ts'
import { createVendorStore } from '../../../lib/organisations/vendor-store.ts'
import { createSessionStore } from '../../../lib/sessions/session-store.ts'
import type { NewSession } from '../../../lib/sessions/session-store.ts'
import { createSignInStore } from '../../../lib/sessions/sign-in-store.ts'
import type { Database } from '../../../lib/stores/database.ts'
import { fragment, render } from '../../../lib/stores/statement.ts'
import { createOneTimeTokenStore } from '../../../lib/tokens/one-time-token-store.ts'
import { createUserStore } from '../../../lib/users/user-store.ts'

/**
 * The texts of the statements that stores compose of fragments, in every form. Nothing is sent: each statement is
 * rendered as the database would render it, and answered with no rows.
 */
export async function composedStatements (): Promise<Set<string>> {
  const texts = new Set<string>()
  const db = recorderOf(texts)
  const [id, now, window] = ['an id', new Date(0), { from: new Date(0), age: 1, limit: 1 }]
  const reached = { snapshot: '1:1:', through: 1, floor: 1, lastId: 1 }
  const challenge = { nonce: Buffer.alloc(16), expiresAt: now }
  const passkeyUse = { id, signCountBefore: 0, signCount: 1, backupEligible: false, backedUp: false, challenge }
  const cursor = { snapshot: '1:1:', server: 'a time' }
  const seals = createAuditSealStore(db)
  const unsealed = createUnsealedStore(db)
  // The pages of changes are read from where a first statement says. There is a second page if the first one is full.
  const changes = createChangeStore(recorderOf(texts, { ...cursor, at: 'a time' }))
  const tail = createChangeStore(recorderOf(texts, { ...cursor, kind: 'everyone', seq: 1 }), { pageRows: 1 })
  const roles = createRoleStore(db)
  const erasures = createErasureStore(db)
  const queues = createQueueStore(db)
  const announcements = createAnnouncementStore(db)
  const subjects = createMailSubjectStore(db)
  const passkeys = createPasskeyStore(db)
  const tokens = createOneTimeTokenStore(db)
  const users = createUserStore(db)
  const signIns = createSignInStore(db, { sessionsMax: 1 })
  const ofUser = { id, sessionEpoch: 0, deploymentEpoch: 0 }
  const session: NewSession = {
    id, transport: 'bearer', deviceId: id, deviceName: null, userAgent: null, ip: '::1', amr: [], now, expiresAt: now
  }
  const event = { requestId: id, personal: Buffer.alloc(0), reason: null, mac: Buffer.alloc(0) }

  await all([
    ...lists(createUserDirectoryStore(db)),
    ...pagesOfTrail(createAuditTrailStore(db)),
    ...pagesOfVendors(createVendorStore(db)),
    ...kinds.map(kind => () => createCleanUpStore(db).remove(kind, window)),
    () => queues.list('mail', { onlyFailed: true, limit: 1 }),
    () => queues.waiting('mail', { after: null, limit: 1 }),
    () => queues.failed('mail', { after: null, limit: 1 }),
    () => queues.retry('mail', 1, 1),
    () => queues.retryNext('mail', { before: now, after: 1, lateMs: 1, limit: 1 }),
    () => createHierarchyStore().lockActor(db, id),
    () => createHierarchyStore().approvers(db, id, 1),
    () => roles.list(),
    () => roles.find(db, 'user'),
    () => roles.findOpen(db, { userType: 'user', name: 'user' }),
    () => erasures.removeSurplus(id, id, now),
    () => erasures.anonymiseSessions(db, id, now),
    () => erasures.removeJobs(db, id, [id]),
    () => createPersonalExportStore(db).jobs(id),
    () => announcements.readers({ role: null }, { afterId: id, createdAt: null }),
    () => announcements.next({ role: null }, { afterId: id, createdAt: now }, 1),
    () => subjects.account(id),
    () => subjects.applicantsOf(id, [id]),
    () => subjects.accountAt('an address'),
    () => subjects.event(1, id),
    () => subjects.decision(1, id),
    () => subjects.addressChange(1, id),
    () => seals.lastBefore(1),
    () => seals.seals(1, 1),
    () => seals.events(1, 1),
    ...[null, { xid: '1', id: 1 }].map(after => () => unsealed.unsealed(db, reached, { snapshot: '1:1:', after, limit: 1 })),
    () => unsealed.leftOver(db, reached),
    () => unsealed.unsealedSince(reached),
    () => changes.recent(1),
    () => tail.since(cursor),
    () => createSessionStore(db, { idleAfterMs: 1 }).find(id),
    ...[{}, { passkey: passkeyUse }].map(marks => () => signIns.signIn(ofUser, session, event, db, marks)),
    () => tokens.find(id, 'invitation', now),
    () => tokens.take(id, 'invitation', { by: id, now, until: now }),
    () => passkeys.list(id),
    () => passkeys.rename(id, id, 'a name'),
    () => passkeys.use(db, id, { signCount: 0, backupEligible: false, backedUp: false }, challenge, now),
    () => passkeys.findWithOwner(Buffer.alloc(16), id),
    () => createSpentChallengeStore().spend(db, challenge),
    () => users.find(id),
    () => users.findByAddress(id),
    () => users.lockActive(db, id)
  ])
  return texts
}

/** Those of the lists of users alone. */
export async function directoryStatements (): Promise<Set<string>> {
  const texts = new Set<string>()
  await all(lists(createUserDirectoryStore(recorderOf(texts))))
  return texts
}

type Call = () => Promise<unknown>

const kinds: Kind[] = [
  'registrations', 'one_time_tokens', 'known_devices', 'failed_jobs', 'changes', 'epoch_changes', 'ended_sessions',
  'expired_sessions'
]

/** A database that keeps the texts of statements. It answers the first one with the given row, all others with none. */
function recorderOf (texts: Set<string>, first?: object): Database {
  const answers = first === undefined ? [] : [first]

  async function record<T extends object> (strings: TemplateStringsArray, ...values: unknown[]): Promise<T[]> {
    texts.add(render(strings, values).text)
    return answers.splice(0) as T[]
  }

  const query = Object.assign(record, { fragment, unsafe: async () => [] })
  return Object.assign(query, {
    begin: async <T>(work: (tx: typeof query) => Promise<T>) => await work(query),
    ping: async () => 0,
    load: () => ({ running: 0, waiting: 0, flowsWaiting: 0 }),
    close: async () => {}
  })
}

function lists (directory: ReturnType<typeof createUserDirectoryStore>): Call[] {
  const searches = (['beginning', 'part', 'likeness'] as const).map(how => ({ how, text: 'ada', parts: ['ada', 'ada'] }))
  const unfiltered = { role: null, status: null, approval: null, vendorId: null, ids: null }
  const filters = [{}, { role: 'user' }, { vendorId: 'an id' }, { ids: ['an id'] }]
  const parts = (['created_at', 'email', 'last_login_at'] as const).flatMap(by => [true, false].flatMap(isDescending =>
    [null, { key: 'a key', id: 'an id' }].flatMap(after => filters.map(filter => ({
      order: { by, isDescending }, filters: { ...unfiltered, ...filter }, after, limit: 1
    })))))

  const factors = ['none', 'totp', 'passkey'] as const
  return parts.flatMap(part => [
    ...[1, 51, 101].map(limit => () => directory.list({ ...part, limit })),
    ...searches.flatMap(search => [null, ...factors].flatMap(factor => [
      () => directory.scan(search, { ...part, factor }, 1),
      () => directory.searchIndex(search, { ...part, factor }, 1)
    ])),
    ...factors.map(factor => () => directory.scan(null, { ...part, factor }, 1))
  ])
}

function pagesOfTrail (trail: ReturnType<typeof createAuditTrailStore>): Call[] {
  const [range, time] = [{ low: 1, high: 2, limit: 1 }, new Date(0)]
  const filters = [null, 'an id'].flatMap(actorId => [null, 'an id'].flatMap(subjectId => [null, 'user_created'].flatMap(event =>
    [null, time].map(from => ({ actorId, subjectId, event, from, to: from })))))
  return filters.flatMap(filter => [() => trail.before(filter, range), () => trail.after(filter, range)])
}

function pagesOfVendors (vendors: ReturnType<typeof createVendorStore>): Call[] {
  return [null, 'a'].flatMap(beginning => [null, { key: 'a', id: 'an id' }].map(after =>
    () => vendors.list({ beginning, after, limit: 1 })))
}

/** A store may miss a row that is always there. Its statement has been recorded by then. */
async function all (calls: Call[]) {
  for (const call of calls) await call().catch(() => {})
}
