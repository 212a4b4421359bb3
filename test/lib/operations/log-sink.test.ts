import t from 'tap'
import { createLogSink } from '../../../lib/operations/log-sink.ts'
import { until } from '../../support/until.ts'

t.test('lines arrive in their order, also when they are written in parts', async t => {
  const { sink, disk } = build()
  disk.mode = 'parts'
  const lines = Array.from({ length: 50 }, (_, number) => line(number))
  for (const each of lines) sink.write(each)

  await until(() => disk.text === lines.join(''))
  t.equal(sink.lost(), 0)
})

t.test('a full disk loses lines, counts them and is told of when it is over', async t => {
  const { sink, disk } = build()
  sink.write(line(1))
  await until(() => disk.text === line(1))

  disk.mode = 'full'
  sink.write(line(2))
  sink.write(line(3))
  await until(() => sink.lost() === 2)
  sink.write(line(4))
  await until(() => sink.lost() === 3)

  disk.mode = 'well'
  sink.write(line(5))
  await until(() => disk.text.endsWith(line(5)))
  t.match(read(disk.text), [{ number: 1 }, { lost_lines: 3, reason: 'ENOSPC', level: 'error' }, { number: 5 }])

  sink.write(line(6))
  await until(() => disk.text.endsWith(line(6)))
  t.match(read(disk.text).slice(2), [{ number: 5 }, { number: 6 }], 'and told once')
})

t.test('what stands before a line that was torn can be read, and what comes after it', async t => {
  const { sink, disk } = build()
  disk.mode = 'tears'
  sink.write(line(1))
  await until(() => sink.lost() === 1)
  sink.write(line(2))
  await until(() => disk.text.endsWith(line(2)))

  t.match(disk.text.split('\n').slice(1).join('\n'), new RegExp(`^{.*"lost_lines":1.*}\n${line(2)}$`))
})

t.test('a busy log is tried again', async t => {
  const { sink, disk } = build()
  disk.mode = 'busy'
  sink.write(line(1))
  await until(() => disk.refusals > 2)
  t.equal(disk.text, '')
  disk.mode = 'well'
  await until(() => disk.text === line(1))
  t.equal(sink.lost(), 0)
})

t.test('a log that hangs does not fill the memory', async t => {
  const { sink, disk } = build(1000)
  disk.mode = 'hangs'
  for (let number = 0; number < 1000; number++) sink.write(line(number))
  t.ok(sink.lost() > 900)

  await until(() => disk.hangs)
  disk.release()
  sink.write(line(7))
  await until(() => disk.text.endsWith(line(7)))
  const [loss, ...kept] = read(disk.text)
  t.match(loss, { lost_lines: sink.lost(), reason: 'the log is too slow' })
  t.equal(kept.length, 1001 - sink.lost())
})

t.test('the end of the process writes what waits, and never throws', async t => {
  const { sink, disk } = build()
  sink.write(line(1))
  disk.mode = 'parts'
  sink.flushSync()
  t.equal(disk.text, line(1))

  disk.mode = 'full'
  sink.write(line(2))
  sink.flushSync()
  t.equal(sink.lost(), 1)
  disk.mode = 'busy'
  sink.write(line(3))
  sink.flushSync()
  t.equal(disk.text, line(1))
})

function line (number: number) {
  return `${JSON.stringify({ number })}\n`
}

function read (text: string): Record<string, unknown>[] {
  return text.trim().split('\n').map(each => JSON.parse(each))
}

/** A sink whose disk does as `mode` says. */
function build (waitingMax?: number) {
  const disk = { mode: 'well', text: '', refusals: 0, hangs: false, release: () => {} }
  const file = {
    write (_fd: number, data: Uint8Array, done: (error: Error | null, written: number) => void) {
      const answer = () => {
        try {
          done(null, writeSync(data))
        } catch (error) {
          done(error as Error, 0)
        }
      }
      if (disk.mode !== 'hangs') return setImmediate(answer)
      disk.hangs = true
      disk.release = () => {
        disk.mode = 'well'
        answer()
      }
    },
    writeSync: (_fd: number, data: Uint8Array) => writeSync(data)
  }
  return { disk, sink: createLogSink({ file, fd: 1, ...(waitingMax && { waitingMax }) }) }

  function writeSync (data: Uint8Array) {
    if (disk.mode === 'full' || disk.mode === 'torn') {
      if (disk.mode === 'torn') disk.mode = 'well'
      throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
    }
    if (disk.mode === 'busy') {
      disk.refusals++
      throw Object.assign(new Error('busy'), { code: 'EAGAIN' })
    }
    if (disk.mode === 'tears') disk.mode = 'torn'
    const written = ['parts', 'torn'].includes(disk.mode) ? Math.min(7, data.length) : data.length
    disk.text += Buffer.from(data.subarray(0, written)).toString()
    return written
  }
}
