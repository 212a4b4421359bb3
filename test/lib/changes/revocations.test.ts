import { randomUUID } from 'node:crypto'
import t from 'tap'
import { Refusal } from '../../../lib/errors.ts'
import { createRenewableRevocations } from '../../../lib/changes/renewable-revocations.ts'
import type { RenewableRevocations } from '../../../lib/changes/renewable-revocations.ts'
import type { TokenState } from '../../../lib/changes/revocations.ts'
import type { Change } from '../../../lib/changes/change.ts'

t.test('a session that has not ended is let through', async t => {
  const { revocations, token } = open()
  t.equal(verdict(revocations, token), 'fine')
})

t.test('an ended session is refused with the reason that was reported first', async t => {
  const { revocations, token } = open()
  revocations.apply(change({ kind: 'session_ended', subjectId: token.sid, reason: 'signed_out' }))
  revocations.apply(change({ kind: 'session_ended', subjectId: token.sid, reason: 'evicted' }))
  t.equal(verdict(revocations, token), 'signed_out')
  t.equal(verdict(revocations, { ...token, sid: randomUUID() }), 'fine')
})

t.test('a raised epoch ends the sessions below it, in whatever order the raises arrive', async t => {
  for (const order of [[4, 5, 6], [6, 5, 4], [5, 6, 4, 5]]) {
    const { revocations, token } = open()
    const reasons = { 4: 'revoked_by_user', 5: 'password_changed', 6: 'account_disabled' } as const
    for (const number of order) revocations.apply(change({ kind: 'user_epoch', subjectId: token.sub, number, reason: reasons[number as 4] }))

    t.equal(verdict(revocations, token), 'revoked_by_user', 'the first one above its own')
    t.equal(verdict(revocations, { ...token, epoch: [1, 4] }), 'password_changed')
    t.equal(verdict(revocations, { ...token, epoch: [1, 6] }), 'fine')
    t.equal(verdict(revocations, { ...token, sub: randomUUID() }), 'fine')
  }
})

t.test('the session that a raise spares is asked to refresh, until a later raise ends it', async t => {
  const { revocations, token } = open()
  revocations.apply(change({ kind: 'user_epoch', subjectId: token.sub, number: 4, exceptId: token.sid, reason: 'password_changed' }))
  t.equal(verdict(revocations, token), 'invalid_token')
  t.equal(verdict(revocations, { ...token, epoch: [1, 4] }), 'fine')
  t.equal(verdict(revocations, { ...token, sid: randomUUID() }), 'password_changed')

  revocations.apply(change({ kind: 'user_epoch', subjectId: token.sub, number: 5, reason: 'account_disabled' }))
  for (const epoch of [[1, 3], [1, 4]] as const) t.equal(verdict(revocations, { ...token, epoch }), 'account_disabled')
})

t.test('a raise of the global epoch ends every session below it', async t => {
  const { revocations, token } = open()
  revocations.apply(change({ kind: 'everyone', number: 2, reason: 'everyone_signed_out' }))
  t.equal(verdict(revocations, token), 'everyone_signed_out')
  t.equal(verdict(revocations, { ...token, epoch: [2, 0] }), 'fine')
})

t.test('the first cause counts when both one user’s and the global epoch are raised', async t => {
  const raises = { user: change({ kind: 'user_epoch', number: 4, reason: 'account_disabled' }), all: change({ kind: 'everyone', number: 2, reason: 'everyone_signed_out' }) }
  for (const [order, reason] of [[['user', 'all'], 'account_disabled'], [['all', 'user'], 'everyone_signed_out']] as const) {
    const { revocations, token } = open()
    for (const which of [...order, ...order]) revocations.apply({ ...raises[which], subjectId: which === 'user' ? token.sub : null })
    t.equal(verdict(revocations, token), reason)
  }
})

t.test('a session ended before a raise keeps its reason', async t => {
  const { revocations, token } = open()
  revocations.apply(change({ kind: 'user_epoch', subjectId: token.sub, number: 4, reason: 'password_changed' }))
  revocations.apply(change({ kind: 'session_ended', subjectId: token.sid, reason: 'signed_out' }))
  t.equal(verdict(revocations, token), 'signed_out', 'only what is alive is ever ended one by one')
})

t.test('versions are only raised', async t => {
  const { revocations, token } = open()
  t.equal(revocations.version(token.sub), 0)
  for (const number of [3, 5, 4]) revocations.apply(change({ kind: 'user_changed', subjectId: token.sub, number }))
  t.equal(revocations.version(token.sub), 5)
})

t.test('an entry is kept for its time after it was last needed, and not forever', async t => {
  const { revocations, token, clock } = open()
  revocations.apply(change({ kind: 'session_ended', subjectId: token.sid, reason: 'signed_out' }))
  revocations.apply(change({ kind: 'user_epoch', subjectId: token.sub, number: 4, reason: 'password_changed' }))
  clock.now += 600
  revocations.apply(change({ kind: 'user_epoch', subjectId: token.sub, number: 5, reason: 'revoked_by_user' }))
  revocations.apply(change({ kind: 'user_changed', subjectId: token.sub, number: 5 }))

  clock.now += 399
  revocations.forget()
  t.equal(verdict(revocations, token), 'signed_out')
  clock.now += 1
  revocations.forget()
  t.equal(revocations.size, 2)
  t.equal(verdict(revocations, token), 'password_changed', 'a user’s raises stay together')
  clock.now += 600
  revocations.forget()
  t.equal(revocations.size, 0)
})

t.test('starting over forgets the raises and versions of before, and no ended session', async t => {
  const { revocations, token } = open()
  const [other, left] = [randomUUID(), { ...token, sid: randomUUID() }]
  revocations.apply(change({ kind: 'session_ended', subjectId: left.sid, reason: 'signed_out' }))
  revocations.apply(change({ kind: 'everyone', number: 2, reason: 'everyone_signed_out' }))
  revocations.apply(change({ kind: 'user_epoch', subjectId: token.sub, number: 5, reason: 'password_changed' }))
  revocations.apply(change({ kind: 'user_changed', subjectId: token.sub, number: 7 }))
  revocations.apply(change({ kind: 'vendor_changed', subjectId: other, number: 3, vendorStatus: 'suspended' }))
  t.equal(verdict(revocations, token), 'everyone_signed_out')

  revocations.startOver()
  t.equal(verdict(revocations, token), 'everyone_signed_out', 'until the changes that are left are known')
  t.equal(revocations.version(token.sub), 7)
  revocations.settle()
  t.equal(verdict(revocations, token), 'fine')
  t.equal(verdict(revocations, left), 'signed_out')
  t.equal(revocations.version(token.sub), 0)
  t.equal(revocations.vendorStatus(other), undefined)
  t.equal(revocations.size, 1)
})

t.test('what is applied while a memory starts over counts at once, and afterwards', async t => {
  const { revocations, token } = open()
  revocations.apply(change({ kind: 'user_changed', subjectId: token.sub, number: 7 }))
  revocations.startOver()
  revocations.apply(change({ kind: 'user_epoch', subjectId: token.sub, number: 4, reason: 'password_changed' }))
  revocations.apply(change({ kind: 'user_changed', subjectId: token.sub, number: 5 }))
  t.equal(verdict(revocations, token), 'password_changed')
  t.equal(revocations.version(token.sub), 7)
  revocations.startOver()
  revocations.apply(change({ kind: 'user_changed', subjectId: token.sub, number: 6 }))
  revocations.settle()
  t.equal(verdict(revocations, token), 'fine', 'a start over that was not completed leaves nothing behind')
  t.equal(revocations.version(token.sub), 6)
  t.strictSame([...revocations.list()].map(({ number }) => number), [6])
})

t.test('a flood that expires at once is forgotten in parts', async t => {
  const { revocations, clock } = open()
  for (let n = 0; n < 10_000; n++) {
    revocations.apply(change({ kind: 'session_ended', subjectId: randomUUID(), reason: 'evicted' }))
    revocations.apply(change({ kind: 'user_epoch', subjectId: randomUUID(), number: 1, reason: 'revoked_by_user' }))
  }
  clock.now += 999
  revocations.forget()
  t.equal(revocations.size, 20_000)

  clock.now += 1
  revocations.forget()
  t.ok(revocations.size > 15_000 && revocations.size < 20_000, 'in each call a part')
  for (let calls = 1; calls < 20; calls++) revocations.forget()
  t.equal(revocations.size, 0)
  t.strictSame([...revocations.list()], [])
})

t.test('raises are listed in the order in which they were applied, also while others are', async t => {
  const { revocations, token: { sub } } = open()
  const other = randomUUID()
  const raise = (subjectId: string | null, number: number) => {
    return change({ kind: subjectId ? 'user_epoch' : 'everyone', subjectId, number, reason: 'revoked_by_user' })
  }
  const raises = [raise(sub, 4), raise(null, 2), raise(other, 1), raise(sub, 5), raise(null, 3), raise(other, 2)]
  for (const each of raises.slice(0, 4)) revocations.apply(each)
  const list = revocations.list()
  const listed = [list.next().value, list.next().value]
  for (const each of [...raises.slice(4), raise(sub, 4)]) revocations.apply(each)

  t.match([...listed, ...list], raises)
})

t.test('a raise is listed for its time, however often its user is raised later', async t => {
  const { revocations, token: { sub: subjectId }, clock } = open()
  const raises = [1, 2].map(number => change({ kind: 'user_epoch', subjectId, number, reason: 'revoked_by_user' }))
  for (const raise of raises) {
    revocations.apply(raise)
    clock.now += 500
  }
  revocations.forget()
  t.match([...revocations.list()], raises.slice(1))
  t.equal([...revocations.list()].length, 1)
})

t.test('a change that names no subject is ignored', async t => {
  const { revocations, token } = open()
  for (const kind of ['session_ended', 'user_epoch', 'everyone', 'user_changed', 'vendor_changed', 'roles_changed', 'keys_changed'] as const) revocations.apply(change({ kind }))
  t.equal(revocations.size, 0)
  t.equal(verdict(revocations, token), 'fine')
})

function open () {
  const clock = { now: 0, monotonic: () => clock.now }
  return {
    clock,
    revocations: createRenewableRevocations(clock, { keepMs: 1000 }),
    token: { sid: randomUUID(), sub: randomUUID(), epoch: [1, 3] as [number, number] }
  }
}

function change (fields: Pick<Change, 'kind'> & Partial<Change>): Change {
  return { subjectId: null, exceptId: null, number: null, reason: null, ...fields }
}

function verdict (revocations: RenewableRevocations, token: TokenState) {
  try {
    revocations.check(token)
    return 'fine'
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return error.code === 'session_ended' ? error.details.reason : error.code
  }
}
