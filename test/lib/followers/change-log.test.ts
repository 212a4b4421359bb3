import { randomUUID } from 'node:crypto'
import t from 'tap'
import { createChangeLog } from '../../../lib/followers/change-log.ts'
import { positionOf, readPosition, renderPosition } from '../../../lib/followers/position.ts'

const server = '2026-11-27 13:00:00.123456+00'

t.test('a position that another node has told is continued, without a gap', async t => {
  const [log, ended] = [open('100:105:102'), change()]
  log.add(cursor('106:108:106'), 1, [ended])

  t.strictSame(log.since(at('102:105:102')), [ended], 'it may have missed the change')
  t.strictSame(log.since(at('102:108:102,106')), [ended], 'if the change was of transaction 102')
  t.strictSame(log.since(at('108:108:')), [], 'what was told there had been committed before')
  t.strictSame(log.since(at('106:400:106,300')), [], 'a node that has read further')
})

t.test('a position from before the log, or of another server, cannot be continued', async t => {
  const log = open('100:105:102')
  t.equal(log.since(at('100:104:102')), null, 'transaction 104 may have committed before the log began')
  t.equal(log.since(at('100:120:102,103')), null, 'and so may 103')
  t.equal(log.since({ ...at('200:200:'), server: '20261127140000' }), null)
})

t.test('what is dropped can no longer be continued', async t => {
  const log = open('100:100:', 3)
  const changes = [change(), change(), change(), change()]
  for (const [index, each] of changes.entries()) log.add(cursor(`${101 + index}:${101 + index}:`), 1, [each])

  t.strictSame(log.since(at('101:101:')), changes.slice(1))
  t.equal(log.since(at('100:100:')), null)
  t.strictSame(log.after(1), changes.slice(1))
  t.equal(log.after(0), null)
})

t.test('a transaction that stays open for long does not make changes come twice', async t => {
  const [log, ended, late] = [open('100:100:'), change(), change()]
  log.add(cursor('100:120:100'), 1, [ended])
  t.strictSame(log.since(at('100:120:100')), [])
  log.add(cursor('130:130:'), 1, [late])
  t.strictSame(log.since(at('100:120:100')), [late])
})

t.test('with many open transactions some changes come twice, and none is missing', async t => {
  const [log, ended] = [open('100:100:'), change()]
  const crowd = cursor(`100:200:${Array.from({ length: 30 }, (_, n) => 100 + n).join()}`)
  log.add(crowd, 1, [ended])
  t.strictSame(log.since(positionOf(crowd)), [], 'not at the node itself')
  t.strictSame(log.since(readPosition(renderPosition(positionOf(crowd))) ?? at('1:1:')), [ended])
})

t.test('a restart of the feed forgets everything', async t => {
  const log = open('100:100:')
  log.add(cursor('108:108:'), 1, [change()])
  log.restart(cursor('150:150:'))

  t.equal(log.since(at('108:108:')), null)
  t.equal(log.after(0), null)
  t.strictSame(log.since(at('150:150:')), [])
  t.strictSame(log.after(log.added), [])
})

t.test('a position survives its text, and no other text is a position', async t => {
  for (const snapshot of ['48213:48213:', '48213:48216:48213,48214']) t.strictSame(readPosition(renderPosition(at(snapshot))), at(snapshot))
  for (const text of ['', '1', '1.', '.1', '-1.1', '1.1.', '1e3.1', `${'1'.repeat(16)}.1`, `1.1${'.1'.repeat(21)}`, '1.1\n']) t.equal(readPosition(text), null, text)
  t.equal(readPosition(undefined), null)
})

function open (snapshot: string, changesMax = 100) {
  const log = createChangeLog({ changesMax })
  log.restart(cursor(snapshot))
  return log
}

function cursor (snapshot: string) {
  return { snapshot, server }
}

function at (snapshot: string) {
  return positionOf(cursor(snapshot))
}

/** A rendered change. */
function change (): Buffer {
  return Buffer.from(randomUUID())
}
