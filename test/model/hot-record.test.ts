import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import t from 'tap'
import type { Test } from 'tap'
import { epoch, randomCase } from './hot-record-cases.ts'
import type { Case } from './hot-record-cases.ts'
import { answerMaxMs, confirm, opened, parse, rotate, write } from './hot-record.ts'
import type { Answer, HotRecord, Presented } from './hot-record.ts'
import { createRandom } from './random.ts'

// The model's record is a transcription. These tests compare it with the script on a real Redis.
const source = script('../../lib/stores/lua/rotate-session.lua')
const confirmation = script('../../lib/stores/lua/confirm-generation.lua')
const seed = 20_250_101

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
  t.ok(outcomes.size === 8, `every kind of answer has come up: ${JSON.stringify([...outcomes])}`)
})

t.test('the model follows a record through a long life with losses', async t => {
  const redis = connect(t)
  const random = createRandom(seed + 1)

  for (let life = 0; life < 20; life++) {
    let record: HotRecord | null = opened(epoch)
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
      const floor = random.below(generation + 1)
      const [result] = await ask(redis, [{ record: before, presented, floor, grace, canResume: true, at }])

      if (!result || !same(result.expected, result.found)) return t.same(result?.found, result?.expected, `seed ${seed + 1}, life ${life}, step ${step}`)
      record = result.found.record
      if (record && random.chance(0.2)) {
        const seen = { generation: record.generation - random.pick([0, 0, 1, 2]), issuedAt: at - random.below(40_000) }
        record = confirm(record, seen).record
      }
      past.push(record)
    }
  }
  t.pass('twenty lives of sixty steps')
})

t.test('the model confirms the same as the script, which keeps the expiry and makes no record', async t => {
  const redis = connect(t)
  const random = createRandom(seed + 2)
  const key = `model:${randomBytes(6).toString('hex')}`
  const words = new Map<unknown, number>()

  for (let round = 0; round < 2000; round++) {
    const { record, at } = randomCase(random)
    if (!record) continue
    const generation = Math.max(0, record.generation + random.pick([1, 0, 0, -1, -2, -3]))
    // Also at the very edges: in the millisecond of the resumption, and one answer's time before it.
    const since = record.resumed ? record.resumed.at - random.pick([0, answerMaxMs]) : at
    const issuedAt = random.chance(0.2) ? since : at - random.below(100_000)
    await redis.set(key, write(record), 'PX', 60_000)
    const word = await redis.eval(confirmation, 1, key, generation, issuedAt)
    words.set(word, (words.get(word) ?? 0) + 1)

    const expected = confirm(record, { generation, issuedAt })
    const found = { answer: word, record: parse(await redis.get(key)) }
    if (!same(found, expected)) t.same(found, expected, `${write(record)}, generation ${generation}`)
    if (await redis.pttl(key) < 30_000) t.fail('the expiry has moved')
  }
  t.ok(words.size === 3, JSON.stringify([...words]))

  await redis.del(key)
  t.equal(await redis.eval(confirmation, 1, key, 1, epoch), 'unchanged')
  t.equal(await redis.exists(key), 0)
})

t.test('of all tokens that could go on, only one ever does, and its answer may be lost for ever', async t => {
  const random = createRandom(seed + 3)
  const grace = 30_000
  let pairs = 0

  for (let life = 0; life < 300; life++) {
    let record = opened(epoch)
    let now = epoch
    const issued = [{ generation: 1, issuedAt: epoch }]
    for (let step = 0; step < 25; step++) {
      now += random.pick([1, 1000, 29_999, 30_000, 31_000])
      const presented = random.chance(0.1) ? null : random.pick(issued.slice(-random.pick([1, 1, 2, 5])))
      const { answer, record: next } = rotate(record, presented, { floor: 0, grace, now, canResume: true })
      if (answer.outcome === 'rotated') issued.push({ generation: answer.generation, issuedAt: answer.issuedAt })
      if (next) record = random.chance(0.2) ? confirm(next, { ...random.pick(issued.slice(-2)) }).record : next

      pairs += exclude(t, record, issued, now + grace, grace)
    }
  }
  t.ok(pairs > 1000, `${pairs} pairs`)
})

// Whichever of the tokens goes on, it is given its successor again within the grace and resumes after it, and every
// other one is reuse from then on.
function exclude (
  t: Test,
  record: HotRecord,
  issued: NonNullable<Presented>[],
  now: number,
  grace: number
): number {
  const at = (later: number) => ({ floor: 0, grace, now: now + later, canResume: true })
  const goOn = issued.filter(token => rotate(record, token, at(0)).answer.outcome === 'rotated')
  if (!goOn.length) t.fail('a record that no token can go on from')
  let pairs = 0

  for (const token of goOn) {
    const { answer, record: next } = rotate(record, token, at(0))
    if (answer.outcome !== 'rotated') continue
    if (answer.floor > token.generation) t.fail('the floor is above the parent')
    t.match(rotate(next, token, at(grace - 1)).answer, { outcome: 'replayed', generation: answer.generation })
    t.match(rotate(next, token, at(100 * grace)).answer, { outcome: 'rotated', note: 'resumed' })
    for (const other of issued.filter(other => other !== token)) {
      pairs++
      for (const later of [0, grace - 1, grace, 100 * grace]) {
        const { outcome } = rotate(next, other, at(later)).answer
        if (outcome !== 'reused') t.fail(`${write(record)}: ${token.generation} went on, then ${other.generation} after ${later} ms: ${outcome}`)
      }
    }
  }
  return pairs
}

// The script adds its offset to Redis' own time, which is asked before and after; where the
// millisecond has changed in between, either will do.
async function ask (redis: Redis, cases: Case[]) {
  const [seconds, microseconds] = await redis.time()
  const start = Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
  const pipeline = redis.pipeline()
  const prefix = `model:${randomBytes(6).toString('hex')}`

  cases.forEach(({ record, presented, floor, grace, canResume, at }, number) => {
    const key = `${prefix}:${number}`
    if (record) pipeline.set(key, write(record))
    else pipeline.del(key)
    pipeline.time()
    const token = [presented?.generation ?? '', presented?.issuedAt ?? '']
    pipeline.eval(source, 1, key, ...token, floor, grace, 60_000, at - start, '', canResume ? '1' : '')
    pipeline.time()
    pipeline.getdel(key)
  })
  const replies = (await pipeline.exec() ?? []).map(([error, value]) => {
    if (error) throw error
    return value
  })

  return cases.map(({ record, presented, floor, grace, canResume, at }, number) => {
    const five = replies.slice(number * 5, number * 5 + 5)
    const [, before, answer, after, written] = five as [unknown, string[], string[], string[], string | null]
    const found = { answer: read(answer), record: parse(written) }
    const moments = range(milliseconds(before) - start + at, milliseconds(after) - start + at)
    const candidates = moments.map(now => rotate(record, presented, { floor, grace, now, canResume }))
    const expected = candidates.find(candidate => same(candidate, found)) ?? candidates[0]
    return { known: { record, floor, grace, canResume, moments }, presented, expected, found }
  })
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

function script (path: string) {
  return readFileSync(new URL(path, import.meta.url), 'utf8')
}

function same (a: unknown, b: unknown) {
  return JSON.stringify(a) === JSON.stringify(b)
}

function connect (t: Pick<Test, 'teardown'>) {
  const redis = new Redis(process.env['LATCHKEY_TEST_REDIS_URL'] ?? '')
  t.teardown(() => redis.disconnect())
  return redis
}
