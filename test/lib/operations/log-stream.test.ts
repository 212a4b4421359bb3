import { Writable } from 'node:stream'
import t from 'tap'
import { createLogSink } from '../../../lib/operations/log-sink.ts'
import { logStream } from '../../../lib/operations/log-stream.ts'

t.test('the log goes through a stream, and what the stream does not take is counted', async t => {
  const lines: string[] = []
  let fails = false
  const stream = {
    write (data: Uint8Array, _encoding: 'utf8', done?: (error?: Error | null) => void) {
      if (!fails) lines.push(Buffer.from(data).toString())
      done?.(fails ? new Error('full') : null)
    }
  }
  const sink = createLogSink({ file: logStream(stream), fd: 1 })

  sink.write('one\n')
  sink.flushSync()
  t.strictSame(lines, ['one\n'])
  fails = true
  sink.write(`${'x'.repeat(70_000)}\n`)
  t.equal(sink.lost(), 1)
})

t.test('a stream of Node is such a stream', async t => {
  const stream = new Writable({ write (_chunk, _encoding, done) { done() } })
  await new Promise<void>(resolve => logStream(stream).write(1, Buffer.from('x\n'), (error, written) => {
    t.strictSame([error, written], [null, 2])
    resolve()
  }))
})
