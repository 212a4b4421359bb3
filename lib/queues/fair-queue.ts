/**
 * Fair queueing (RFC 970, RFC 8290). A flow is all work of one user, session or network; null is the node's own work.
 * Each flow has a queue of its own, and the queues are served round-robin. A flow that waits with one piece of work is
 * served after at most one piece of every other flow, however many those have. A flow with nothing waiting is
 * forgotten.
 */
export function createFairQueue<W> () {
  // The order of the map is the order of service.
  const queues = new Map<string | null, Set<W>>()
  let size = 0

  return {
    add,
    remove,
    next,
    displaceable,
    /** How much work waits. */
    get size () { return size },
    /** How many flows have work that waits. */
    get flows () { return queues.size }
  }

  function add (flow: string | null, work: W) {
    const queue = queues.get(flow) ?? new Set()
    queues.set(flow, queue.add(work))
    size++
  }

  /** Removes work that waits no longer. Does nothing if it is not there. */
  function remove (flow: string | null, work: W) {
    const queue = queues.get(flow)
    if (!queue?.delete(work)) return
    size--
    if (queue.size === 0) queues.delete(flow)
  }

  /** Takes out the oldest work of the flow whose turn it is. Flows that are not ready keep their turn. */
  function next (isReady: (flow: string | null) => boolean = () => true): W | undefined {
    for (const [flow, queue] of queues) {
      if (!isReady(flow)) continue
      const [oldest] = queue
      queues.delete(flow)
      queues.set(flow, queue)
      if (oldest !== undefined) remove(flow, oldest)
      return oldest
    }
    return undefined
  }

  /**
   * The work that has to leave a full queue, so that work of `flow` can enter: the newest of the longest flow.
   * Undefined if no flow has two pieces more than `flow`: then the shares would not become more equal.
   */
  function displaceable (flow: string | null): W | undefined {
    let longest = new Set<W>()
    for (const queue of queues.values()) if (queue.size > longest.size) longest = queue

    const own = queues.get(flow)?.size ?? 0
    return longest.size > own + 1 ? [...longest].at(-1) : undefined
  }
}
