import { connect } from 'node:net'
import type { Socket } from 'node:net'

/** Where to connect: several hosts are tried in turn, a path is a Unix socket. */
export interface Target { host: string[], port: number[], path?: string | false | undefined }

/** Milliseconds after a connection was closed before another one is opened. */
const pause = 200

/**
 * Opens sockets for the driver of Postgres, which by itself (3.4.9) knocks without a pause where a
 * proxy accepts every connection and hangs up at once because nobody is behind it.
 */
export function createSockets () {
  let turn = 0
  let closedAt = -Infinity

  return { open }

  /**
   * A socket that is about to connect. The driver reads from `host` which name the certificate must have,
   * and Node from `_host` when that is an address: without it an address is taken for localhost.
   */
  async function open ({ host: hosts, port: ports, path }: Target): Promise<Socket & { host?: string, port?: number }> {
    const wait = closedAt + pause - performance.now()
    if (wait > 0) await new Promise(resolve => setTimeout(resolve, wait))

    const place = turn++ % hosts.length
    const [host = 'localhost', port = 5432] = [hosts[place], ports[place]]
    const socket = path ? connect(path) : Object.assign(connect(port, host), { host, port, _host: host })
    return socket.once('close', () => { closedAt = performance.now() })
  }
}
