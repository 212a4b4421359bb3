import { connect } from 'node:net'

/** The parts of an answer that the next request may depend on. */
export interface Answer { status: number, body: string }

/** The next request of a connection, as `request` makes it; undefined when it has nothing left to ask. */
export type Next = (connection: number, last: Answer | undefined) => string | undefined

export interface LoadOptions {
  port: number
  connections: number
  milliseconds: number
  /** Ends earlier once this many answers have arrived. */
  answersMax?: number
  next: Next
  /** The local address of a connection. Only Linux lets us use all of 127/8; it has no effect elsewhere. */
  from?: (connection: number) => string
  /** Milliseconds that a connection waits after an answer before its next request. */
  pauseMs?: (answer: Answer) => number
}

export interface LoadResult {
  seconds: number
  /** Milliseconds of each answer that succeeded (a status below 300). */
  latencies: number[]
  /** The number of answers by status. */
  statuses: Record<number, number>
}

/**
 * Keeps connections busy, with one request at a time on each. It uses raw sockets, because an HTTP client on Node
 * would cost about as much as the server.
 *
 * @throws Error when a connection fails
 */
export async function load (options: LoadOptions): Promise<LoadResult> {
  const { port, connections, milliseconds, answersMax = Infinity, next, from, pauseMs = () => 0 } = options
  const latencies: number[] = []
  const statuses: Record<number, number> = {}
  const started = performance.now()
  let answers = 0

  await Promise.all(Array.from({ length: connections }, (_, connection) => keepBusy(connection)))
  return { seconds: (performance.now() - started) / 1000, latencies, statuses }

  function isOver () {
    return answers >= answersMax || performance.now() - started >= milliseconds
  }

  async function keepBusy (connection: number) {
    let last: Answer | undefined
    while (!isOver()) {
      const goesOn = await useSocket()
      if (!goesOn) return
    }

    // Resolves to false when nothing is left to ask, and to true when the server has closed the connection.
    function useSocket () {
      return new Promise<boolean>((resolve, reject) => {
        const localAddress = process.platform === 'linux' ? from?.(connection) : undefined
        const socket = connect({ port, host: '127.0.0.1', noDelay: true, ...(localAddress && { localAddress }) })
        let sentAt = 0
        let text = ''

        socket.setEncoding('latin1')
        socket.once('connect', send)
        socket.once('error', reject)
        socket.on('data', receive)

        function send () {
          // Called even when the time is up, because `next` may need the last answer for a later measurement.
          const request = next(connection, last)
          if (request === undefined || isOver()) return finish(false)
          sentAt = performance.now()
          socket.write(request, 'latin1')
        }

        function receive (chunk: string) {
          text += chunk
          const answer = parse(text)
          if (!answer) return

          text = ''
          last = answer
          answers++
          statuses[answer.status] = (statuses[answer.status] ?? 0) + 1
          if (answer.status < 300) latencies.push(performance.now() - sentAt)
          if (answer.closes) finish(true)
          else wait(pauseMs(answer))
        }

        function wait (milliseconds: number) {
          if (milliseconds > 0) setTimeout(send, milliseconds)
          else send()
        }

        function finish (goesOn: boolean) {
          socket.destroy()
          resolve(goesOn)
        }
      })
    }
  }
}

/** What a request brings: an access token, cookies as their header has them, and a body as JSON or as a form. */
export interface Brought { token?: string, cookie?: string, body?: object, form?: Record<string, string> }

/** The text of a request. */
export function request (method: string, path: string, { token, cookie, body, form }: Brought = {}): string {
  const payload = form ? new URLSearchParams(form).toString() : body && JSON.stringify(body)
  const type = form ? 'application/x-www-form-urlencoded' : 'application/json'
  return [
    `${method} ${path} HTTP/1.1`,
    'host: localhost',
    'user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    ...(token === undefined ? [] : [`authorization: Bearer ${token}`]),
    ...(cookie === undefined ? [] : [`cookie: ${cookie}`]),
    ...(payload === undefined ? [] : [`content-type: ${type}`, `content-length: ${payload.length}`]),
    '',
    payload ?? ''
  ].join('\r\n')
}

/** The answer in the text; undefined while it is not complete. */
function parse (text: string): Answer & { closes: boolean } | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return undefined

  const status = Number(text.slice(9, 12))
  const head = text.slice(0, end)
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
  if (text.length < end + 4 + length) return undefined
  return { status, body: text.slice(end + 4, end + 4 + length), closes: /\r\nconnection: close/i.test(head) }
}
