import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import t from 'tap'
import type { Test } from 'tap'
import { parse, rotate, write } from './hot-record.ts'
import type { Answer, HotRecord, Presented } from './hot-record.ts'
import { createRandom } from './random.ts'
import type { Random } from './random.ts'

// The model's record is a transcription. These tests compare it with the script on a real Redis.
const source = readFileSync(new URL('../../lib/stores/lua/rotate-session.lua', import.meta.url), 'utf8')
const seed = 20_250_101
const epoch = 1_700_000_000_000

interface Case { record: HotRecord | null, presented: Presented, floor: number, grace: number, at: number }

t.test('the model answers and writes the same as the script, for any record and presentation', async t => {
  const redis = connect(t)
  const random = createRandom(seed)
  const outcomes = new Map<string, number>()

  for (let round = 0; round < 80; round++) {
    const cases = Array.from({ length: 100 }, () => randomCase(random))
    for (const { known, presented, expected, found } of await ask(redis, cases)) {
      const key = found.answer.outcome === 'reused' ? 'reused' : `${found.answer.outcome} ${found.answer.note}`
      outcomes.set(key, (outcomes.get(key) ?? 0) + 1)
      if (!same(expected, found)) t.same(found, expected, `seed ${seed}: ${JSON.stringify({ known, presented })}`)
    }
  }
  t.ok(outcomes.size === 7, `every kind of answer has come up: ${JSON.stringify([...outcomes])}`)
})

t.test('the model follows a record through a long life with losses', async t => {
  const redis = connect(t)
  const random = createRandom(seed + 1)

  for (let life = 0; life < 20; life++) {
    let record: HotRecord | null = { generation: 1, base: 1, moment: epoch, times: [epoch] }
    const past: (HotRecord | null)[] = [null, record]
    const grace = random.pick([0, 1000, 30_000, 900_000])
    let at = epoch

    for (let step = 0; step < 60; step++) {
      at += random.pick([1, 2, 10, 999, 29_999, 30_000])
      const before: HotRecord | null = random.chance(0.1) ? random.pick(past) : record
      const newest: number = before?.generation ?? 1
      const generation = Math.max(1, newest + random.pick([0, 0, 0, 0, -1, -2, -31, -33, 1, 2]))
      const issuedAt = before?.times[newest - generation] ?? at - random.below(40_000)
      const presented = random.chance(0.1) ? null : { generation, issuedAt }
      const [result] = await ask(redis, [{ record: before, presented, floor: random.below(generation + 1), grace, at }])

      if (!result || !same(result.expected, result.found)) return t.same(result?.found, result?.expected, `seed ${seed + 1}, life ${life}, step ${step}`)
      record = result.found.record
      past.push(record)
    }
  }
  t.pass('twenty lives of sixty steps')
})

// The script adds its offset to Redis' own time, which is asked before and after; where the
// millisecond has changed in between, either will do.
async function ask (redis: Redis, cases: Case[]) {
  const [seconds, microseconds] = await redis.time()
  const start = Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
  const pipeline = redis.pipeline()
  const prefix = `model:${randomBytes(6).toString('hex')}`

  cases.forEach(({ record, presented, floor, grace, at }, number) => {
    const key = `${prefix}:${number}`
    if (record) pipeline.set(key, write(record))
    else pipeline.del(key)
    pipeline.time()
    pipeline.eval(source, 1, key, presented?.generation ?? '', presented?.issuedAt ?? '', floor, grace, 60_000, at - start)
    pipeline.time()
    pipeline.getdel(key)
  })
  const replies = (await pipeline.exec() ?? []).map(([error, value]) => {
    if (error) throw error
    return value
  })

  return cases.map(({ record, presented, floor, grace, at }, number) => {
    const five = replies.slice(number * 5, number * 5 + 5)
    const [, before, answer, after, written] = five as [unknown, string[], string[], string[], string | null]
    const found = { answer: read(answer), record: parse(written) }
    const moments = range(milliseconds(before) - start + at, milliseconds(after) - start + at)
    const candidates = moments.map(now => rotate(record, presented, { floor, grace, now }))
    const expected = candidates.find(candidate => same(candidate, found)) ?? candidates[0]
    return { known: { record, floor, grace, moments }, presented, expected, found }
  })
}

function randomCase (random: Random): Case {
  const at = epoch + random.below(1_000_000_000)
  const grace = random.pick([0, 1, 50, 30_000, 900_000])
  const generation = 1 + random.below(random.pick([3, 40, 5000]))
  const length = random.pick([1, 1, 2, 3, 10, 31, 32])
  const times = [at - random.below(grace * 2 + 10)]
  while (times.length < length) times.push((times.at(-1) ?? at) - random.below(random.pick([2, 20, 2000])))

  const base = random.chance(0.5) ? Math.max(1, generation - times.length + 1) : 1 + random.below(generation)
  const moment = at - random.below(grace * 2 + 10)
  const place = Math.max(0, generation + random.pick([0, 0, 0, -1, -1, -2, -3, -30, -31, -32, -33, 1, 2, 100]))
  const issuedAt = random.chance(0.7)
    ? times[generation - place] ?? at - random.below(100_000)
    : at - random.below(100_000)
  return {
    record: random.chance(0.1) ? null : { generation, base, moment, times },
    presented: random.chance(0.1) ? null : { generation: place, issuedAt },
    floor: random.chance(0.1) ? random.below(generation + 5) : random.below(Math.min(place, generation) + 1),
    grace,
    at
  }
}

function read ([outcome, generation, issuedAt, floor, note]: string[]): Answer {
  if (outcome === 'reused') return { outcome }
  return { outcome, generation: Number(generation), issuedAt: Number(issuedAt), floor: Number(floor), note } as Answer
}

function milliseconds ([seconds, microseconds]: string[]) {
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
}

function range (from: number, to: number) {
  return Array.from({ length: to - from + 1 }, (_, place) => from + place)
}

function same (a: unknown, b: unknown) {
  return JSON.stringify(a) === JSON.stringify(b)
}

function connect (t: Pick<Test, 'teardown'>) {
  const redis = new Redis(process.env['LATCHKEY_TEST_REDIS_URL'] ?? '')
  t.teardown(() => redis.disconnect())
  return redis
}
