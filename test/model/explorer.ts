import { createGame } from './game.ts'
import type { Game } from './game.ts'
import type { Plants } from './plants.ts'
import { createRandom } from './random.ts'

/** The number of further moves when both sessions have ended. */
const afterlife = 8

/** The states in which walks begin: fresh, or with a past that chance alone would seldom produce. */
const scenes: string[][] = [
  [],
  // Redis may go back behind the floor, or to a record whose times are over.
  ['Redis is saved', 'A refreshes at 1', 'A refreshes at 2', '16 min pass', 'A refreshes at 1', 'node 1 writes behind', 'Redis goes back to what was saved'],
  ['Redis is saved', '31 s pass', 'A refreshes at 1', 'A refreshes at 2', 'Redis goes back to what was saved'],
  // The answers of the last refreshes were lost, and missed late.
  ['A refreshes at 1', 'A refreshes at 1 and gets no answer', '31 s pass'],
  ['A refreshes at 1 and gets no answer', '16 min pass', 'A refreshes at 2 and gets no answer', 'node 2 writes behind'],
  // A proof of the password follows a lost answer.
  ['A refreshes at 1 and gets no answer', 'A proves the password at 2, step by step', 'A\'s answer will be lost'],
  // A refresh is still on its way when the password is proved.
  [
    'A refreshes at 1 and gets no answer', '31 s pass', 'A refreshes at 1, step by step', 'A gives up waiting',
    'A proves the password at 2'
  ],
  // The last answer has arrived, as its access token shows.
  ['A refreshes at 1', 'A uses its access token at 2', 'node 2 tells Redis what it saw', '31 s pass'],
  // A thief is the first to rotate a copied token; the owner returns after the grace.
  ['A refreshes at 1', 'a thief copies A\'s token', 'the thief refreshes at 2', '31 s pass', 'A refreshes at 1'],
  // The password is proved to a Redis that has lost everything.
  [
    'A refreshes at 1', 'A refreshes at 2', '1 s pass', 'Redis is flushed', 'A proves the password at 1',
    'a tab of A presents its token of 2 before at 2'
  ],
  // A client has a token from before the floor.
  ['a thief copies A\'s token', '31 s pass', 'A refreshes at 1', '16 min pass', 'A refreshes at 2', 'node 2 writes behind'],
  // A request is under way whose client has given it up.
  ['A refreshes at 1', 'A refreshes at 1', 'A refreshes at 2, step by step', 'A: goes on', 'A gives up waiting'],
  // A transaction has written rows that are not committed yet.
  ['B changes the password at 1, step by step', 'B: goes on', 'B: goes on', 'somebody else\'s change commits']
]

/** A series of moves that breaks a rule. */
export interface Finding { rule: string, trace: string[], seed: number, walks: number }

/**
 * Walks at random until a rule is broken, at most `walks` times. The seed of each walk is its number after `seed`,
 * so any of them can be repeated. Returns the finding with its trace shortened, or null.
 */
export async function walk (
  plants: Plants,
  { seed, walks, length, until = Infinity }: { seed: number, walks: number, length: number, until?: number }
): Promise<{ finding: Finding | null, walks: number, moves: number }> {
  let moves = 0
  for (let number = 0; number < walks && performance.now() < until; number++) {
    const { rule, trace } = await walkOnce(plants, seed + number, length)
    moves += trace.length
    if (rule) {
      return {
        finding: { rule, trace: await shorten(plants, trace), seed: seed + number, walks: number + 1 },
        walks: number + 1,
        moves
      }
    }
  }
  return { finding: null, walks, moves }
}

async function walkOnce (plants: Plants, seed: number, length: number) {
  const random = createRandom(seed)
  const game = createGame(plants)
  const trace = [...random.pick(scenes)]
  const moods = new Map<string, number>()
  const breadth = random.pick([0.3, 0.5, 0.9])

  for (const name of trace) await game.play(name)
  let end = length
  while (trace.length < end && !game.violation) {
    if (game.isOver && end === length) end = Math.min(end, trace.length + afterlife)

    const possible = game.moves.filter(move => move.isPossible())
    const weights = possible.map(move => move.weight * moodOf(move.family))
    let place = random.next() * weights.reduce((sum, weight) => sum + weight, 0)
    const move = possible.find((_, number) => (place -= weights[number] ?? 0) < 0) ?? possible[0]
    if (!move) break
    trace.push(move.name)
    await game.play(move.name)
  }
  return { rule: game.violation, trace }

  // Each walk has its own preferences, or all would look alike (Groce et al., Swarm Testing, 2012).
  function moodOf (family: string) {
    const mood = moods.get(family) ?? (random.chance(breadth) ? random.pick([1, 1, 4]) : 0.02)
    moods.set(family, mood)
    return mood
  }
}

/**
 * Plays every order in which the given moves can be made, up to a length, each after `before` and each followed by
 * `after`. Returns the first finding, and how many orders there were.
 */
export async function exhaust ({ before = [], moves, length, after = [] }: {
  before?: string[], moves: string[], length: number, after?: string[]
}): Promise<{ finding: Pick<Finding, 'rule' | 'trace'> | null, orders: number }> {
  let orders = 0
  const finding = await extend([], await begun([]))
  return { finding, orders }

  async function extend (made: string[], game: Game): Promise<Pick<Finding, 'rule' | 'trace'> | null> {
    const possible = game.moves.filter(move => moves.includes(move.name) && move.isPossible()).map(({ name }) => name)

    if (made.length === length || possible.length === 0) {
      orders++
      for (const name of after) await game.play(name)
      return game.violation
        ? { rule: game.violation, trace: await shorten(new Set(), [...before, ...made, ...after]) }
        : null
    }
    for (const [place, name] of possible.entries()) {
      // A game cannot go back: the first order goes on in this one, each other one begins anew.
      const next = place === 0 ? game : await begun(made)
      await next.play(name)
      const finding = await extend([...made, name], next)
      if (finding) return finding
    }
    return null
  }

  async function begun (made: string[]) {
    const game = createGame()
    for (const name of [...before, ...made]) await game.play(name)
    return game
  }
}

/** Plays a series of moves, leaving out the impossible ones; returns the broken rule and the moves that were played. */
export async function replay (plants: Plants, names: string[]): Promise<{ rule: string | null, trace: string[] }> {
  const game = createGame(plants)
  const trace: string[] = []
  for (const name of names) {
    if (game.violation) break
    if (await game.play(name)) trace.push(name)
  }
  return { rule: game.violation, trace }
}

/**
 * Removes every move that is not needed to break the rule: large parts first, then single moves, until no more can go.
 */
export async function shorten (plants: Plants, trace: string[]): Promise<string[]> {
  let shortest = trace
  for (let size = Math.ceil(shortest.length / 2); size >= 1;) {
    let isShorter = false
    for (let from = 0; from < shortest.length; from += size) {
      const candidate = await replay(plants, [...shortest.slice(0, from), ...shortest.slice(from + size)])
      if (!candidate.rule) continue
      shortest = candidate.trace
      isShorter = true
      from -= size
    }
    if (!isShorter || size > 1) size = size > 1 ? Math.floor(size / 2) : isShorter ? 1 : 0
  }
  return shortest
}
