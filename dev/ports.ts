import { randomInt } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'

/** Below the kernel's range of client ports, and low enough for Redis Cluster, which adds 10,000 for its own port. */
const [portMin, portMax] = [10_100, 21_999]
const attemptsMax = 200

/**
 * A loopback port on which nothing listens. The kernel gives it to no client, so it is still free when a server is
 * restarted on it. Within a run of the tests no process gets a port that another one has got before: its server may be
 * between two starts.
 *
 * @throws Error when none of 200 random ports is free
 */
export async function freePort (): Promise<number> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const port = randomInt(portMin, portMax)
    if (await isFree(port) && reserve(port)) return port
  }
  throw new Error('No free port between 10100 and 21999')
}

function reserve (port: number): boolean {
  const folder = process.env['LATCHKEY_TEST_PORTS']
  if (folder === undefined) return true
  try {
    closeSync(openSync(join(folder, String(port)), 'wx'))
    return true
  } catch {
    return false
  }
}

/** Whether a server could listen on this port of this address. */
export async function isFree (port: number, host = '127.0.0.1'): Promise<boolean> {
  return await new Promise(resolve => {
    const server = createServer()

    server.once('error', () => resolve(false))
    server.listen(port, host, () => server.close(() => resolve(true)))
  })
}

/** Whether a server accepts connections on this port. */
export async function isOpen (port: number, host = '127.0.0.1'): Promise<boolean> {
  return await new Promise(resolve => {
    const socket = connect({ port, host, timeout: 1000 })

    socket.once('connect', () => finish(true))
    socket.once('error', () => finish(false))
    socket.once('timeout', () => finish(false))

    function finish (open: boolean) {
      socket.destroy()
      resolve(open)
    }
  })
}
