/** An event of a stream. Its data is JSON that nobody has looked at yet. */
export interface StreamEvent { event: string, id: string, data: unknown }

/** The most characters of a line: a list of a million ended sessions. Whatever writes more is not Latchkey. */
const lineCharsMax = 128 * 1024 * 1024

/**
 * The events of a stream (HTML, section 9.2.5), in the form in which Latchkey writes them.
 * @throws Error for data that is not JSON
 */
export async function * readEvents (body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent> {
  const decoder = new TextDecoder()
  let fields = new Map<string, string>()
  let parts: string[] = []
  let length = 0

  for await (const chunk of body) {
    const [first = '', ...others] = decoder.decode(chunk, { stream: true }).split('\n')
    parts.push(first)
    length += first.length
    if (length > lineCharsMax) throw new Error('an event is too long')

    for (const other of others) {
      const line = parts.join('')
      parts = [other]
      length = other.length
      if (line !== '') {
        const colon = line.indexOf(':')
        fields.set(line.slice(0, colon), line.slice(colon + 1).trimStart())
      } else if (fields.size > 0) {
        yield eventOf(fields)
        fields = new Map()
      }
    }
  }
}

function eventOf (fields: Map<string, string>): StreamEvent {
  return { event: fields.get('event') ?? '', id: fields.get('id') ?? '', data: JSON.parse(fields.get('data') ?? 'null') }
}
