import type { Cluster, Redis } from 'ioredis'

/**
 * Connects to a Cluster, and to each of its nodes as soon as the node is known. Without it a node would be connected
 * with its first command: that command would wait for the connection, and be sent although its request has long been
 * answered. Resolves when each node is connected or has been tried.
 * @throws Error if no node knows the others
 */
export async function connectNodes (cluster: Pick<Cluster, 'on' | 'connect' | 'nodes' | 'status'>) {
  cluster.on('ready', () => cluster.nodes().forEach(connect))
  // Before `ready`, ioredis itself sends commands that ask whether the Cluster is complete, and they wait.
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
