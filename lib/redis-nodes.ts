import type { Cluster, Redis } from 'ioredis'

/**
 * Connects to each node of a Cluster as soon as it is known, not with the first command that it is to get:
 * such a command would wait for the connection and be sent although its request has long been answered.
 */
export function keepConnected (cluster: Pick<Cluster, 'on' | 'nodes' | 'status'>) {
  cluster.on('ready', () => cluster.nodes().forEach(connect))
  // Until the Cluster is known to be whole, what asks for that is a command that waits.
  cluster.on('+node', (node: Redis) => { if (cluster.status === 'ready') connect(node) })
}

function connect (node: Redis) {
  if (node.status === 'wait') node.connect().catch(() => {})
}
