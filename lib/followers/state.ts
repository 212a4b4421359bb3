import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Change } from '../changes/change.ts'
import { partsOf } from '../changes/parts.ts'
import type { Clock } from '../clock.ts'
import type { ChangeLog } from './change-log.ts'
import { eventEnd, itemsOf, keysChanged, renderChanges, renderEventStart } from './messages.ts'

/** Everything that a node knows, as followers are told it. */
export interface State {
  /** The items of a JSON array, without its brackets, in pieces. */
  changes: Buffer[]
  /** The event of a stream, in pieces. */
  message: Buffer[]
}

/** What a node has read when a state begins: its position as text, and `asOf` as for `renderChange`. */
export interface Beginning { position: string, asOf: string }

export interface StateParts {
  clock: Pick<Clock, 'monotonic'>
  /** Changes that make an empty memory equal to this node's. It is read piece by piece while others are applied. */
  list: () => Iterable<Change>
  log: Pick<ChangeLog, 'added' | 'after'>
}

/** A state is rendered at most once in this time (ms); what is newer is told after it. */
const ageMaxMs = 60_000

/** The state of a node. It is rendered once for all who ask, in turns of the event loop, and kept for a while. */
export function createStates ({ clock, list, log }: StateParts) {
  let rendered: State & { at: number, added: number } | null = null
  let rendering: Promise<void> | null = null
  let restarts = 0
  let lastTurn: Promise<void> = Promise.resolve()

  return { current, render, restart }

  /** The state and the rendered changes that are newer; null if it has to be rendered. */
  function current (): { state: State, changes: Buffer[] } | null {
    if (rendered === null || clock.monotonic() - rendered.at >= ageMaxMs) return null
    const changes = log.after(rendered.added)
    return changes && { state: rendered, changes }
  }

  /**
   * Resolves when a state was rendered or a restart has made it void: then ask for `current` again. After a large one
   * each caller goes on in a turn of its own, because each has much to write.
   */
  async function render (beginning: Beginning): Promise<void> {
    const shared = rendering ??= renderInTurns(beginning)
    try {
      await shared
    } finally {
      if (rendering === shared) rendering = null
    }
    if (rendered && rendered.changes.length > 1) await (lastTurn = lastTurn.then(() => nextTurn()))
  }

  /** Forgets everything, also what is being rendered. */
  function restart () {
    restarts++
    rendered = null
    rendering = null
  }

  // What is added to the log from now on is told after the state, whether it is in the state or not.
  async function renderInTurns ({ position, asOf }: Beginning) {
    const [begun, added, pieces]: [number, number, Buffer[]] = [restarts, log.added, []]
    for (const part of partsOf(withKeys(list()))) {
      if (pieces.length > 0) await nextTurn()
      if (restarts !== begun) return
      pieces.push(renderChanges(part, asOf))
    }
    const changes = itemsOf(pieces)
    rendered = { changes, message: renderState(changes, position), at: clock.monotonic(), added }
  }
}

function * withKeys (changes: Iterable<Change>): Generator<Change> {
  yield * changes
  yield keysChanged
}

/** The event of a state. That of a small one is a single piece, so that it is written in one go. */
function renderState (changes: Buffer[], position: string): Buffer[] {
  const start = Buffer.from(`${renderEventStart('state', position)}{"changes":[`)
  const pieces = [start, ...changes, Buffer.from(`]}${eventEnd}`)]
  return changes.length > 1 ? pieces : [Buffer.concat(pieces)]
}
