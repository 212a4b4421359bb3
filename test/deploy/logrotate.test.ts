import fs, { mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { createLogSink } from '../../lib/operations/log-sink.ts'
import { debianProgram, runProgram } from '../support/outside/debian-program.ts'

const logrotate = await debianProgram('logrotate', ['logrotate'])

t.test('logrotate turns over a log that a node goes on writing to', { skip: logrotate.missing }, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-log-'))
  const log = join(folder, 'latchkey.log')
  const sink = createLogSink({ file: fs, fd: openSync(log, 'a') })
  const settings = settingsFor(folder)

  write('one')
  await rotate()
  t.equal(read('latchkey.log'), '', 'the file of the node is empty again')
  write('two')
  t.equal(read('latchkey.log'), 'two\n', 'and grows from its beginning')
  t.equal(read('latchkey.log.1'), 'one\n')

  await rotate()
  t.equal(read('latchkey.log.1'), 'two\n')
  t.equal(gunzipSync(readFileSync(join(folder, 'latchkey.log.2.gz'))).toString(), 'one\n', 'older ones are compressed')

  function write (line: string) {
    sink.write(`${line}\n`)
    sink.flushSync()
  }

  function read (name: string) {
    return readFileSync(join(folder, name), 'utf8')
  }

  async function rotate () {
    const { code, output } = await runProgram(logrotate, ['--force', '--state', join(folder, 'state'), settings])
    t.strictSame({ code, output }, { code: 0, output: '' })
  }
})

/** The shipped settings for the logs of a folder, which belong to the current user. */
function settingsFor (folder: string) {
  const file = join(folder, 'logrotate.conf')
  const { username } = userInfo()
  const text = readFileSync('deploy/logrotate/latchkey', 'utf8')
    .replaceAll('/var/log/latchkey/', `${folder}/`)
    .replace('su latchkey latchkey', `su ${username} ${username === 'root' ? 'root' : String(process.getgid?.())}`)
  writeFileSync(file, text, { mode: 0o600 })
  return file
}
