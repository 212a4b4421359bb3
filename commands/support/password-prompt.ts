import type { Readable, Writable } from 'node:stream'
import type { StandardInput } from './command.ts'

/**
 * Reads a new password. At a terminal it is typed twice and not shown; else it is the one line of the input. Questions
 * go to `output`.
 * @throws Error for a person, if the password is empty or has several lines, if the two are not the same, or on Ctrl-C
 */
export async function readNewPassword (input: StandardInput, output: Writable): Promise<string> {
  input.setEncoding('utf8')
  if (!input.isTTY) return given((await readAll(input)).replace(/\r?\n$/, ''))

  input.setRawMode?.(true)
  input.resume()
  try {
    const password = given(await ask('Password: ', input, output))
    if (await ask('Again: ', input, output) !== password) throw new Error('The two passwords are not the same.')
    return password
  } finally {
    input.setRawMode?.(false)
    input.pause()
  }
}

function given (password: string) {
  if (password === '') throw new Error('No password was given: type it, or pass it on standard input.')
  if (/[\r\n]/.test(password)) throw new Error('Standard input has more than one line: pass the password alone.')
  return password
}

async function readAll (input: Readable): Promise<string> {
  let text = ''
  for await (const part of input) text += String(part)
  return text
}

// The terminal is in raw mode, so we edit the line ourselves: backspace, and Ctrl-U for the whole line.
async function ask (question: string, input: Readable, output: Writable): Promise<string> {
  output.write(question)

  return await new Promise((resolve, reject) => {
    let typed: string[] = []
    input.on('data', take)

    function take (keys: string) {
      for (const key of keys) {
        if (key === '\r' || key === '\n' || key === '\u0004') return end(() => resolve(typed.join('')))
        if (key === '\u0003') return end(() => reject(new Error('Interrupted.')))
        if (key === '\u007f' || key === '\b') typed = typed.slice(0, -1)
        else if (key === '\u0015') typed = []
        else typed.push(key)
      }
    }

    function end (settle: () => void) {
      input.off('data', take)
      output.write('\n')
      settle()
    }
  })
}
