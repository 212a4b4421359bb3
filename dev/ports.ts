import { randomInt } from 'node:crypto'
import { connect, createServer } from 'node:net'

/**
 * A loopback port nobody listens on. It lies below the range the kernel takes client ports from,
 * so it is still free when a server is restarted on it, and leaves room for Redis Cluster's + 10000.
 */
export async function freePort (): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const port = randomInt(10_100, 21_999)
    if (await isFree(port)) return port
  }
  throw new Error('No free port between 10100 and 21999')
}

/** Whether a server could listen on this port of this address. */
export async function isFree (port: number, host = '127.0.0.1'): Promise<boolean> {
  return await new Promise(resolve => {
    const server = createServer()

    server.once('error', () => resolve(false))
    server.listen(port, host, () => server.close(() => resolve(true)))
  })
}

/** Whether somebody accepts connections on this port. */
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
