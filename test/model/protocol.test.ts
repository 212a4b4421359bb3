import t from 'tap'
import { exhaust, walk } from './explorer.ts'
import type { Finding } from './explorer.ts'
import { createGame } from './game.ts'
import { plants } from './plants.ts'
import { sessionIds } from './terms.ts'

// The real use cases, change feed, revocations and tokens on two nodes, over a Postgres and a Redis of
// the model's own, in every order and with every fault that game.ts knows. The rules are in rules.ts.
// To look further: MODEL_SEED=7 MODEL_WALKS=100000 npm test -- test/model/protocol.test.ts
const seed = Number(process.env['MODEL_SEED'] ?? 1)
const walks = Number(process.env['MODEL_WALKS'] ?? 2000)
const length = 30

// Refusals are many, and the stack of each costs more than the move. One walk alone, by its seed, shows stacks.
if (walks > 1) Error.stackTraceLimit = 0

t.test('no rule is broken in random walks', async t => {
  const { finding, moves } = await walk(new Set(), { seed, walks, length })

  t.equal(describe(finding), null)
  t.comment(`${walks} walks, ${moves} moves, from seed ${seed}`)
})

t.test('no rule is broken in any order of two operations at once', async t => {
  const own = ['refreshes', 'proves the password', 'changes the password', 'signs out', 'signs out the others', 'signs out everywhere']
  const others = [...own.map(verb => `B ${verb}`), 'the account is disabled', 'everyone is signed out']
  let total = 0

  for (const first of own) {
    for (const second of others) {
      const { finding, orders } = await exhaust({
        before: [`A ${first} at 1, step by step`, `${second} at 2, step by step`],
        moves: ['A: goes on', 'B: goes on', 'the administrator: goes on'],
        length: 12,
        after: ['A refreshes at 2', 'B refreshes at 1', '4 s pass', 'A refreshes at 1', 'B refreshes at 2', '31 s pass', 'A refreshes at 2', 'B refreshes at 1']
      })
      total += orders
      if (finding) t.fail(describe(finding) ?? '')
    }
  }
  t.ok(total > 500, `${total} orders`)
})

t.test('no rule is broken in any order of a refresh, its retry, a tab and a fault', async t => {
  const faults = ['Redis is flushed', 'Redis goes back to what was saved', 'node 1 is killed', 'node 1 loses Postgres', '31 s pass']
  let total = 0

  for (const fault of faults) {
    const { finding, orders } = await exhaust({
      before: ['A refreshes at 1', 'Redis is saved', 'A refreshes at 1', 'A refreshes at 1, step by step', 'a tab of A presents its token of 1 before at 2, step by step'],
      moves: ['A: goes on', 'A gives up waiting', 'A\'s late request: goes on', 'A refreshes at 2', 'the tab: goes on', fault],
      length: 5,
      after: ['node 1 has Postgres again', 'A: goes on', 'A: goes on', 'A refreshes at 1', '16 min pass', 'A refreshes at 2']
    })
    total += orders
    if (finding) t.fail(describe(finding) ?? '')
  }
  t.ok(total > 500, `${total} orders`)
})

t.test('no rule is broken in any short series of refreshes, losses and time', async t => {
  const { finding, orders } = await exhaust({
    before: ['a thief copies A\'s token', 'A refreshes at 1', 'Redis is saved', '31 s pass', 'A refreshes at 2', '16 min pass', 'A refreshes at 1', 'node 1 writes behind'],
    moves: [
      'A refreshes at 1', 'A proves the password at 2', 'a tab of A presents its token of 1 before at 2', 'the thief refreshes at 2',
      'Redis is flushed', 'Redis goes back to what was saved', '31 s pass'
    ],
    length: 4,
    after: ['A refreshes at 2']
  })

  t.equal(describe(finding), null)
  t.ok(orders > 500, `${orders} orders`)
})

t.test('no rule is broken in any short series of lost answers, thefts and what nodes see', async t => {
  const { finding, orders } = await exhaust({
    before: ['A refreshes at 1', 'a thief copies A\'s token', 'A refreshes at 1 and gets no answer', '31 s pass'],
    moves: [
      'A refreshes at 1', 'A refreshes at 2 and gets no answer', 'A uses its access token at 2', 'the thief refreshes at 2',
      'the thief uses its access token at 2', 'node 2 tells Redis what it saw', 'A proves the password at 1', '31 s pass'
    ],
    length: 3,
    after: ['A refreshes at 2', 'the thief refreshes at 2', '31 s pass', 'the thief refreshes at 2', 'A refreshes at 1']
  })

  t.equal(describe(finding), null)
  t.ok(orders > 300, `${orders} orders`)
})

t.test('an owner who loses every answer, while Redis loses writes, keeps the session as long as it may last', async t => {
  const game = createGame()
  const between = [
    'Redis is saved',
    'A refreshes at 2 and gets no answer',
    'Redis goes back to what was saved',
    'node 1 writes behind',
    '31 s pass'
  ]
  for (let round = 0; round < 80; round++) {
    await game.play('A refreshes at 1 and gets no answer')
    await game.play(between[round % between.length] ?? '')
    await game.play('16 min pass')
  }
  await game.play('A refreshes at 1')

  t.equal(game.violation, null)
  const [owner] = sessionIds
  t.notOk(game.world.dead.has(owner))
  t.ok(game.world.tokens.size > 80, `${game.world.tokens.size} tokens`)
})

t.test('every planted mistake is found', async t => {
  for (const plant of plants) {
    const { finding } = await walk(new Set([plant]), { seed, walks: 10_000, length })
    t.ok(finding, plant)
    t.comment(describe(finding) ?? '')
  }
})

function describe (finding: Pick<Finding, 'rule' | 'trace'> & { seed?: number } | null): string | null {
  return finding && [`Broken: ${finding.rule}${finding.seed === undefined ? '' : ` (seed ${finding.seed})`}`, ...finding.trace].join('\n  ')
}
