import type { Cluster, Redis } from 'ioredis'

/**
 * Connects to a Cluster and to each of its nodes as soon as it is known, not with the first command that it
 * is to get: such a command would wait for the connection and be sent although its request has long been
 * answered. Resolves when each node is there or has been tried; throws when none of them knows the others.
 */
export async function connectNodes (cluster: Pick<Cluster, 'on' | 'connect' | 'nodes' | 'status'>) {
  cluster.on('ready', () => cluster.nodes().forEach(connect))
  // Until the Cluster is known to be whole, what asks for that is a command that waits.
  cluster.on('+node', (node: Redis) => { if (cluster.status === 'ready') connect(node) })

  await cluster.connect()
  await Promise.all(cluster.nodes().map(tried))
}

function connect (node: Redis) {
  if (node.status === 'wait') node.connect().catch(() => {})
}

async function tried (node: Redis) {
  connect(node)
  if (node.status === 'ready' || node.status === 'end') return
  await new Promise<void>(resolve => {
    node.once('ready', resolve)
    node.once('close', resolve)
  })
}
