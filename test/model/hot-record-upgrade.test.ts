import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import t from 'tap'
import { randomCase } from './hot-record-cases.ts'
import type { Case } from './hot-record-cases.ts'
import { parse, write } from './hot-record.ts'
import type { HotRecord } from './hot-record.ts'
import { createRandom } from './random.ts'

// During an upgrade nodes of this version and of the one before share the records in Redis.
const scripts = {
  before: script('./rotate-session-before.lua'),
  now: script('../../lib/stores/lua/rotate-session.lua')
}
const seed = 20_260_101
const rounds = 1500

const redis = new Redis(process.env['LATCHKEY_TEST_REDIS_URL'] ?? '')
t.teardown(() => redis.disconnect())

t.test('a record of the version before is judged and answered as before', async t => {
  const random = createRandom(seed)
  for (let round = 0; round < rounds; round++) {
    const { record, ...rest } = randomCase(random)
    const unmarked = { ...rest, record: record && { ...record, parent: null, resumed: null } }
    const [before, now] = await run(unmarked, ['before', 'now'])

    // Without a token and without a record any token from the floor on may resume later.
    t.ok(Number(now?.answer[3]) <= Number(before?.answer[3]), 'the floor is no higher')
    t.same(now?.answer.toSpliced(3, 1), before?.answer.toSpliced(3, 1))
    t.same(unmark(now?.record), before?.record, 'it only gains marks')
  }
})

t.test('the version before passes over the marks, and what it writes is confirmed', async t => {
  const random = createRandom(seed + 1)
  for (let round = 0; round < rounds; round++) {
    const { record, ...rest } = randomCase(random)
    if (!record) continue
    const [marked, unmarked] = await Promise.all([record, unmark(record)].map(each => run({ ...rest, record: each }, ['before'])))

    t.same(marked?.[0]?.answer, unmarked?.[0]?.answer)
    if (marked?.[0]?.answer[0] !== 'rotated') t.same(marked?.[0]?.record, record, 'untouched')
    else t.match(marked[0].record, { parent: null, resumed: null })
  }
})

/** Presents a case to versions of the script, each on a record of its own, at a time that does not pass meanwhile. */
async function run ({ record, presented, floor, grace, canResume, at }: Case, versions: (keyof typeof scripts)[]) {
  const start = milliseconds(await redis.time())
  const token = [presented?.generation ?? '', presented?.issuedAt ?? '']
  const results = await Promise.all(versions.map(async version => {
    const key = `upgrade:${randomBytes(6).toString('hex')}`
    if (record) await redis.set(key, write(record))
    const flag = version === 'now' ? [canResume ? '1' : ''] : []
    const source = frozen(scripts[version], start)
    const answer = await redis.eval(source, 1, key, ...token, floor, grace, 60_000, at - start, '', ...flag) as string[]
    return { answer, record: parse(await redis.getdel(key)) }
  }))
  return results
}

// A stopped clock in place of Redis' own.
function frozen (source: string, time: number) {
  const stopped = source.replace("redis.call('TIME')", `{ ${Math.floor(time / 1000)}, ${(time % 1000) * 1000} }`)
  if (stopped === source) throw new Error('the script asks Redis for the time')
  return stopped
}

function unmark (record: HotRecord | null | undefined) {
  return record ? { ...record, parent: null, resumed: null } : null
}

function milliseconds ([seconds, microseconds]: (string | number)[]) {
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
}

function script (path: string) {
  return readFileSync(new URL(path, import.meta.url), 'utf8')
}
