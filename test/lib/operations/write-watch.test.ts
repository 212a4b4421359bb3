import t from 'tap'
import { createWriteWatch } from '../../../lib/operations/write-watch.ts'

t.test('each turn is reported once, whatever lies between', async t => {
  const { see, reported } = watch()
  const away = new Error('away')
  for (const answer of [null, 'OOM', 'OOM', 'READONLY', away, 'OOM', away, null, null, 'OOM']) {
    await see(answer)
  }
  t.strictSame(reported, ['OOM', null, 'OOM'])
})

t.test('of a store that does not answer nothing is known', async t => {
  const { see, takesWrites } = watch()
  t.equal(takesWrites(), undefined, 'before the first look')
  t.equal(await see('OOM'), false)
  t.equal(await see(new Error('away')), undefined)
  t.equal(await see(null), true)
})

t.test('a look that fails says so', async t => {
  const { look } = createWriteWatch({ read: async () => { throw new Error('away') }, report: () => {} })
  await t.rejects(look(), { message: 'away' })
})

/** A watch of a store that gives each answer in its turn, and what it has reported. */
function watch () {
  const reported: (string | null)[] = []
  let answer: string | null | Error = null
  const { look, takesWrites } = createWriteWatch({
    async read () {
      if (answer instanceof Error) throw answer
      return answer
    },
    report: refusal => { reported.push(refusal) }
  })
  return { see, reported, takesWrites }

  async function see (next: typeof answer) {
    answer = next
    await look().catch(() => {})
    return takesWrites()
  }
}
