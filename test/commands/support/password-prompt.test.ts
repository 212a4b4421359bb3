import { PassThrough } from 'node:stream'
import t from 'tap'
import { readNewPassword } from '../../../commands/support/password-prompt.ts'

t.test('everything is read from a pipe, without the last line break', async t => {
  for (const [text, password] of [['pässword', 'pässword'], ['a b \n', 'a b '], ['a\r\n', 'a']] as const) {
    t.equal(await piped(text), password)
  }
  for (const text of ['a\nb\n', 'a\n\n', 'a\r\nb', 'a\rb', '\na']) await t.rejects(piped(text), /more than one line/, JSON.stringify(text))
  for (const text of ['', '\n', '\r\n']) await t.rejects(piped(text), /No password was given/)
})

t.test('a character that arrives in two parts stays whole', async t => {
  const input = new PassThrough()
  const password = readNewPassword(input, new PassThrough())
  for (const byte of Buffer.from('pä😀ss')) input.write(Buffer.from([byte]))
  input.end()

  t.equal(await password, 'pä😀ss')
})

t.test('a person types the password twice and does not see it', async t => {
  const { type, asked, modes, shown } = terminal()
  const password = asked()
  await type('secret wordx\u007f\r')
  await type('\u0015secret word\r')

  t.equal(await password, 'secret word')
  t.equal(shown(), 'Password: \nAgain: \n')
  t.strictSame(modes, [true, false], 'the terminal is as it was')
})

t.test('two different passwords, an empty one and Ctrl-C give no password', async t => {
  for (const [keys, message] of [[['one\r', 'two\r'], /not the same/], [['\r'], /No password/], [['on\u0003'], /Interrupted/]] as const) {
    const { type, asked, modes } = terminal()
    const refusal = t.rejects(asked(), message)
    for (const typed of keys) await type(typed)
    await refusal
    t.strictSame(modes, [true, false])
  }
})

async function piped (text: string) {
  return await readNewPassword(new PassThrough().end(text), new PassThrough())
}

/** A terminal whose keys a test presses. */
function terminal () {
  const modes: boolean[] = []
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (isRaw: boolean) => modes.push(isRaw) })
  const output = new PassThrough()

  return {
    modes,
    asked: () => readNewPassword(input, output),
    shown: () => String(output.read()),
    async type (keys: string) {
      input.write(keys)
      await new Promise(resolve => setImmediate(resolve))
      await new Promise(resolve => setImmediate(resolve))
    }
  }
}
