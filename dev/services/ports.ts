import { randomInt } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'

/** Below the kernel's range of client ports, and low enough for Redis Cluster, which adds 10,000 for its own port. */
const [portMin, portMax] = [10_100, 21_999]
const attemptsMax = 200
/** How many ports a run of the tests gets for itself. */
const blockSize = 1000

/**
 * A loopback port on which nothing listens. The kernel gives it to no client, so it is still free when a server is
 * restarted on it. Within a run of the tests no process gets a port that another one has got before: its server may be
 * between two starts. It is one of the run's block, if it has one.
 *
 * @throws Error when none of 200 random ports is free
 */
export async function freePort (): Promise<number> {
  const block = process.env['LATCHKEY_TEST_PORT_BLOCK']
  const [from, to] = block ? [Number(block) + 1, Number(block) + blockSize] : [portMin, portMax]

  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const port = randomInt(from, to)
    if (await isFree(port) && reserve(port)) return port
  }
  throw new Error(`No free port between ${from} and ${to}`)
}

/**
 * Takes a block of ports for a run of the tests, until this process ends: runs beside each other on one machine would
 * get each other's ports between two starts. Returns its first port, on which this process listens for that; '' if all
 * blocks are taken.
 */
export async function takeBlock (): Promise<string> {
  for (let first = portMin; first + blockSize <= portMax; first += blockSize) {
    if (await hold(first)) return String(first)
  }
  return ''
}

async function hold (port: number): Promise<boolean> {
  return await new Promise(resolve => {
    const server = createServer(socket => socket.destroy()).unref()

    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true))
  })
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
