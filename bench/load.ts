import { connect } from 'node:net'

/** An answer, as far as the next request may depend on it. */
export interface Answer { status: number, body: string }

/** The next request of a connection, as `request` makes it; undefined: nothing is left to ask. */
export type Next = (connection: number, last: Answer | undefined) => string | undefined

export interface LoadOptions {
  port: number
  connections: number
  milliseconds: number
  /** Ends earlier after so many answers. */
  requests?: number
  next: Next
  /** The address from which a connection comes: on Linux all of 127/8 is ours. */
  from?: (connection: number) => string
  /** Milliseconds a connection waits after an answer before its next request. */
  pause?: (answer: Answer) => number
}

export interface LoadResult {
  seconds: number
  /** Milliseconds of each answer that was wanted (2xx). */
  latencies: number[]
  /** How many answers had which status. */
  statuses: Record<number, number>
}

/**
 * Keeps connections busy, one request at a time on each, by raw sockets: an HTTP client of the same
 * make as the server would measure itself as much.
 */
export async function load (options: LoadOptions): Promise<LoadResult> {
  const { port, connections, milliseconds, requests = Infinity, next, from, pause = () => 0 } = options
  const latencies: number[] = []
  const statuses: Record<number, number> = {}
  const started = performance.now()
  let answers = 0

  await Promise.all(Array.from({ length: connections }, (_, connection) => keepBusy(connection)))
  return { seconds: (performance.now() - started) / 1000, latencies, statuses }

  function isOver () {
    return answers >= requests || performance.now() - started >= milliseconds
  }

  async function keepBusy (connection: number) {
    let last: Answer | undefined
    while (!isOver()) {
      const goesOn = await useSocket()
      if (!goesOn) return
    }

    // Ends with false when nothing is left to ask, with true when the server has closed the connection.
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
          // Asked also when the time is up: whoever makes requests of answers is to have the last one.
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
          else wait(pause(answer))
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

/** The text of a request. */
export function request (
  method: string, path: string, { token, body }: { token?: string, body?: object } = {}
): string {
  const payload = body && JSON.stringify(body)
  return [
    `${method} ${path} HTTP/1.1`,
    'host: localhost',
    'user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    ...(token === undefined ? [] : [`authorization: Bearer ${token}`]),
    ...(payload === undefined ? [] : ['content-type: application/json', `content-length: ${payload.length}`]),
    '',
    payload ?? ''
  ].join('\r\n')
}

/** The answer that stands in the text, undefined while it is not complete. */
function parse (text: string): Answer & { closes: boolean } | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return undefined

  const status = Number(text.slice(9, 12))
  const head = text.slice(0, end)
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
  if (text.length < end + 4 + length) return undefined
  return { status, body: text.slice(end + 4, end + 4 + length), closes: /\r\nconnection: close/i.test(head) }
}
