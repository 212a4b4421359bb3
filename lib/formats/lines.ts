/** A line of a text by its number, from 1; or why it cannot be read. */
export type Line = { number: number, text: string } | { number: number, problem: string }

const newline = 10

/**
 * The lines of a text in UTF-8, without their ends and without a byte order mark. A line of more than `bytesMax` bytes
 * is not kept, so that memory stays flat for any text.
 */
export async function * readLines (chunks: AsyncIterable<Uint8Array>, bytesMax: number): AsyncGenerator<Line> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let number = 1
  let parts: Uint8Array[] = []
  let length = 0

  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      keep(chunk.subarray(start, end))
      yield line()
      start = end + 1
    }
    keep(chunk.subarray(start))
  }
  if (length > 0) yield line()

  function keep (part: Uint8Array) {
    length += part.length
    if (length <= bytesMax) parts.push(part)
    else parts = []
  }

  function line (): Line {
    const read = { number, ...decode() }
    number++
    parts = []
    length = 0
    return read
  }

  function decode () {
    if (length > bytesMax) return { problem: `is longer than ${bytesMax} bytes` }
    try {
      const text = decoder.decode(Buffer.concat(parts)).replace(/\r$/, '')
      return { text: number === 1 ? text.replace(/^\ufeff/, '') : text }
    } catch {
      return { problem: 'is not UTF-8' }
    }
  }
}
