import { createFairQueue } from './fair-queue.ts'

/** `known` is a caller with a valid device token or session, `stranger` any other one. */
export type Priority = 'known' | 'stranger'

/** Whose turn work takes: within a priority, flows are served round-robin. */
export interface Turn {
  priority: Priority
  /** The id of the user, session or device that is known, the network of a stranger, or null: the node's own work. */
  flow: string | null
}

/** After three known callers a waiting stranger gets a turn, so account holders cannot starve newcomers. */
const knownPerStranger = 3

/**
 * What waits for a scarce place. Known callers go before strangers, three to one where both wait, so strangers from
 * many networks cannot keep users waiting. Neither an account nor a network can take the places of its priority for
 * itself: each priority has a fair queue.
 * @param sizeMax how much may wait. Strangers may take half of these places, known callers three quarters.
 */
export function createPriorityQueue<W> (sizeMax: number) {
  const queues = { known: createFairQueue<W>(), stranger: createFairQueue<W>() }
  const room: Record<Priority, number> = { known: Math.ceil(sizeMax * 3 / 4), stranger: Math.floor(sizeMax / 2) }
  let passed = 0

  return {
    add,
    remove,
    next,
    isFull,
    displaceable,
    /** How much work waits. */
    get size () { return queues.known.size + queues.stranger.size },
    /** How much of it waits by priority. */
    get sizes () { return { known: queues.known.size, stranger: queues.stranger.size } },
    /** How many flows have work that waits. */
    get flows () { return queues.known.flows + queues.stranger.flows }
  }

  function add ({ priority, flow }: Turn, work: W) {
    queues[priority].add(flow, work)
  }

  /** Removes work that waits no longer. Does nothing if it is not there. */
  function remove ({ priority, flow }: Turn, work: W) {
    queues[priority].remove(flow, work)
  }

  /** Takes out the work whose turn it is. Flows that are not ready keep their turn. */
  function next (isReady: (turn: Turn) => boolean = () => true): W | undefined {
    const areStrangersDue = passed >= knownPerStranger && queues.stranger.size > 0
    return areStrangersDue ? nextOf('stranger') ?? nextOf('known') : nextOf('known') ?? nextOf('stranger')

    function nextOf (priority: Priority) {
      const work = queues[priority].next(flow => isReady({ priority, flow }))
      if (work !== undefined) passed = priority === 'known' ? passed + 1 : 0
      return work
    }
  }

  /** Whether work of this priority finds no room now. */
  function isFull (priority: Priority) {
    const size = queues.known.size + queues.stranger.size
    return queues[priority].size >= room[priority] || size >= sizeMax
  }

  /** The work that has to leave a full queue, so that work of this turn can enter: see `createFairQueue`. */
  function displaceable ({ priority, flow }: Turn): W | undefined {
    return queues[priority].displaceable(flow)
  }
}
