import type { Node } from './node.ts'
import type { Plants } from './plants.ts'
import { endedBy, expect, inspect, inspectCommit, inspectTheft, isDead, isFair, isLate, judge } from './rules.ts'
import type { Expectation } from './rules.ts'
import { minute, second, sessionIds } from './terms.ts'
import { begin, canGoOn, createWorld, goOn, kill, leave } from './world.ts'
import type { Access, Answered, Kind, Manner, Operation, Token } from './world.ts'

/** One possible event: its name, how often it should happen, whether it can happen now, and its effect. */
export interface Move extends Action { family: string }
interface Action { name: string, weight: number, isPossible: () => boolean, make: () => Promise<void> }

export type Game = ReturnType<typeof createGame>

interface Client { name: string, sid: string, held: Token, access: Access | null, past: Token[] }

/**
 * Every event that may happen in the world, under names that mean the same in every run, and the rules that are
 * checked after each. A violated rule ends the game.
 */
export function createGame (plants: Plants = new Set()) {
  const expectations = new Map<Operation, Expectation>()
  let violation: string | null = null
  /** Somebody but A has used a token of A's session: a thief, or a tab that was away for longer than the grace. */
  let isContested = false
  let stolen: Token | null = null
  let stolenAccess: Access | null = null
  const booty = new Set<Token>()

  const world = createWorld(plants, {
    made (world, token) {
      const twins = [...world.tokens.values()].filter(({ sid, generation }) =>
        sid === token.sid && generation === token.generation)
      if (world.isIntact && twins.length > 1) violation ??= 'One generation never has two tokens while Redis is intact.'
    },
    committed (world, operation, before) {
      operation.ended = before.filter(id => !world.postgres.isAlive(id))
      for (const id of operation.ended) world.dead.set(id, world.dead.get(id) ?? world.now)
      violation ??= inspectCommit(world, operation, before, {
        wasFair: expectations.get(operation)?.isFair ?? false,
        contested: isContested ? [sessionIds[0]] : []
      })
    }
  })
  const clients: Client[] = sessionIds.map((sid, place) => ({ name: place === 0 ? 'A' : 'B', sid, held: firstToken(sid), access: firstAccess(sid), past: [] }))
  const actions = [
    ...clients.flatMap(movesOf),
    ...tabs(),
    ...thefts(),
    ...administration(),
    ...nodes(),
    ...faults(),
    ...time()
  ]
  const moves: Move[] = actions.map(action => ({ ...action, family: familyOf(action.name) }))
  const byName = new Map(moves.map(move => [move.name, move]))

  return {
    moves,
    /** Makes a move if it is possible; returns whether it was. */
    async play (name: string): Promise<boolean> {
      const move = byName.get(name)
      if (!move) throw new Error(`there is no move "${name}"`)
      if (violation || !move.isPossible()) return false
      await move.make()
      look()
      return true
    },
    get violation () { return violation },
    /** True when no live session is left that could be lost. */
    get isOver () { return sessionIds.every(id => isDead(world, id)) },
    get world () { return world }
  }

  function movesOf (client: Client): Action[] {
    const { name, sid } = client
    const own = (kind: Kind, verb: string, weight: number) => both(kind, n => `${name} ${verb} at ${n}`, weight, name, () => ({ sid, token: kind === 'refresh' ? client.held : null }), () => kind === 'refresh' || holdsAccess(sid))

    return [
      ...own('refresh', 'refreshes', 6),
      ...losses(client),
      ...use(`${name} uses its access token`, 2, () => client.access),
      ...own('reauthenticate', 'proves the password', 1.5),
      ...own('change password', 'changes the password', 0.7),
      ...own('local', 'signs out', 0.2),
      ...own('others', 'signs out the others', 0.3),
      ...own('everywhere', 'signs out everywhere', 0.1),
      ...going(name),
      ...going(`${name}'s late request`),
      {
        name: `${name} gives up waiting`,
        weight: 1.5,
        // A client that waits for a rotation without a token waits the ten seconds in which it may still
        // happen; a refresh may be given up at once.
        isPossible: () => world.operations.get(name)?.kind === 'refresh' && !world.operations.has(`${name}'s late request`),
        async make () {
          const operation = world.operations.get(name)
          if (!operation) return
          world.operations.delete(name)
          world.operations.set(`${name}'s late request`, operation)
          operation.slot = `${name}'s late request`
          operation.isLost = true
        }
      },
      {
        name: `${name}'s answer will be lost`,
        weight: 1.5,
        isPossible: () => world.operations.get(name)?.isLost === false,
        async make () {
          const operation = world.operations.get(name)
          if (operation) operation.isLost = true
        }
      }
    ]
  }

  /** A refresh in one go, whose answer never arrives. */
  function losses (client: Client): Action[] {
    const { name, sid } = client
    return [1, 2].map(number => ({
      name: `${name} refreshes at ${number} and gets no answer`,
      weight: 1,
      isPossible: () => !world.operations.has(name),
      async make () {
        const node = world.nodes.find(node => node.name === number) as Node
        const operation = await set('refresh', name, node, { sid, token: client.held })
        operation.isLost = true
        await finish(operation)
      }
    }))
  }

  function tabs (): Action[] {
    const [client] = clients
    return client
      ? [1, 2].flatMap(age => both('refresh', n => `a tab of A presents its token of ${age} before at ${n}`, 1, 'the tab', () => ({ sid: client.sid, token: client.past.at(-age) ?? null }), () => client.past.length >= age)).concat(going('the tab'))
      : []
  }

  function thefts (): Action[] {
    const [client] = clients
    const refreshes = both('refresh', n => `the thief refreshes at ${n}`, 1, 'the thief', () => ({ sid: stolen?.sid ?? null, token: stolen }), () => stolen !== null)
    return client
      ? [
          { name: 'a thief copies A\'s token', weight: 0.3, isPossible: () => stolen === null, async make () { steal(client.held) } },
          ...refreshes,
          ...use('the thief uses its access token', 0.7, () => stolenAccess),
          ...going('the thief')
        ]
      : []
  }

  function administration (): Action[] {
    return [
      ...both('disable', n => `the account is disabled at ${n}`, 0.15, 'the administrator', () => ({})),
      ...both('everyone', n => `everyone is signed out at ${n}`, 0.15, 'the administrator', () => ({})),
      ...going('the administrator'),
      ...going('a commit')
    ]
  }

  function nodes (): Action[] {
    return [1, 2].flatMap(name => {
      const node = () => world.nodes.find(node => node.name === name) as Node
      return [
        ...at('read', () => `node ${name} reads the feed`, 1, `the feed of ${name}`, node),
        ...at('write behind', () => `node ${name} writes behind`, 1.5, `what ${name} writes behind`, node),
        ...at('confirm', () => `node ${name} tells Redis what it saw`, 1.5, `what ${name} saw`, node),
        ...going(`what ${name} saw`),
        ...going(`the feed of ${name}`),
        ...going(`what ${name} writes behind`),
        { name: `node ${name} is killed`, weight: 0.3, isPossible: always, async make () { kill(world, node()) } },
        { name: `node ${name} loses Postgres`, weight: 0.5, isPossible: () => !node().isCut, async make () { node().isCut = true } },
        { name: `node ${name} has Postgres again`, weight: 2, isPossible: () => node().isCut, async make () { node().isCut = false } }
      ]
    })
  }

  function faults (): Action[] {
    const { postgres } = world
    return [
      { name: 'Redis is flushed', weight: 0.5, isPossible: () => world.redis.size > 0, make: async () => lose(new Map()) },
      { name: 'Redis is saved', weight: 0.5, isPossible: always, async make () { world.saved = new Map(world.redis) } },
      { name: 'Redis goes back to what was saved', weight: 0.7, isPossible: always, make: async () => lose(new Map(world.saved)) },
      { name: 'somebody else\'s change commits', weight: 0.5, isPossible: always, make: async () => postgres.others() },
      { name: 'somebody else\'s transaction stays open', weight: 0.1, isPossible: () => !postgres.isHeld, make: async () => postgres.hold() },
      { name: 'somebody else\'s transaction ends', weight: 0.5, isPossible: () => postgres.isHeld, make: async () => postgres.release() }
    ]
  }

  function time (): Action[] {
    const steps: [string, number, number][] = [['1 s', second, 1], ['4 s', 4 * second, 1], ['20 s', 20 * second, 0.7], ['31 s', 31 * second, 1], ['16 min', 16 * minute, 1.5], ['241 min', 241 * minute, 0.05], ['1441 min', 1441 * minute, 0.02]]
    return steps.map(([name, length, weight]) => ({ name: `${name} pass`, weight, isPossible: always, make: () => pass(length) }))
  }

  /** An access token is presented at either node: no store is asked. */
  function use (name: string, weight: number, access: () => Access | null): Action[] {
    const isPossible = () => (access()?.exp ?? 0) > world.now
    return [1, 2].map(number => ({
      name: `${name} at ${number}`,
      weight: weight / 2,
      isPossible,
      async make () {
        const used = access()
        if (used) world.nodes.find(node => node.name === number)?.see(used)
      }
    }))
  }

  /** The same moves at either node, in one go or only begun. */
  function both (
    kind: Kind,
    name: (node: number) => string,
    weight: number,
    slot: string,
    subject: () => { sid?: string | null, token?: Token | null },
    isPossible: () => boolean = always
  ): Action[] {
    return [1, 2].flatMap(number =>
      at(kind, () => name(number), weight / 2, slot, () =>
        world.nodes.find(node => node.name === number) as Node, subject, isPossible))
  }

  function at (
    kind: Kind,
    name: () => string,
    weight: number,
    slot: string,
    node: () => Node,
    subject: () => { sid?: string | null, token?: Token | null } = () => ({}),
    mayBe: () => boolean = always
  ): Action[] {
    const isPossible = () => !world.operations.has(slot) && mayBe()
    return [
      {
        name: name(),
        weight: weight * 0.65,
        isPossible,
        make: async () => finish(await set(kind, slot, node(), subject()))
      },
      { name: `${name()}, step by step`, weight: weight * 0.35, isPossible, async make () { await set(kind, slot, node(), subject()) } }
    ]
  }

  function going (slot: string): Action[] {
    const manners: [Manner, string, number][] = [['is answered', 'goes on', 5], ['is not done', 'goes on, the store is away', 0.4], ['is done, the answer is lost', 'goes on, the store\'s answer is lost', 0.4]]
    return manners.map(([manner, verb, weight]) => ({
      name: `${slot}: ${verb}`,
      weight,
      isPossible: () => {
        const operation = world.operations.get(slot)
        return operation !== undefined && canGoOn(world, operation)
      },
      async make () {
        const operation = world.operations.get(slot)
        if (operation) await advance(operation, manner)
      }
    }))
  }

  async function set (kind: Kind, slot: string, node: Node, subject: { sid?: string | null, token?: Token | null }) {
    if (slot === 'the thief') isContested = true
    const isHonest = subject.sid !== undefined && slot !== 'the thief'
    const operation = await begin(world, slot, kind, node, subject)
    expectations.set(operation, expect(world, operation, isHonest))
    settle(operation)
    return operation
  }

  async function finish (operation: Operation) {
    if (violation || !canGoOn(world, operation)) return
    await advance(operation, 'is answered')
    await finish(operation)
  }

  async function advance (operation: Operation, manner: Manner) {
    const { slot, token } = operation
    if (slot === 'the tab' && token && isLate(world, token)) isContested = true
    await goOn(world, operation, manner)
    settle(operation)
  }

  async function abandon (operation: Operation) {
    const commit = await leave(world, operation)
    settle(operation)
    if (commit) world.operations.set(commit.slot, commit)
  }

  /** Time passes on every operation; answered ones are judged and their answers delivered. */
  function settle (operation: Operation) {
    const expected = expectations.get(operation)
    if (expected) expected.isFair &&= isFair(world, operation) && !(isContested && operation.sid === sessionIds[0])
    const { outcome, slot, kind, sid, node, waits } = operation
    if (slot === 'a commit' && !waits) world.operations.delete(slot)
    if (!outcome || !expected) return

    world.operations.delete(slot)
    expectations.delete(operation)
    violation ??= judge(world, operation, expected)
    if (!('answer' in outcome)) return

    for (const id of endedBy(kind, sid)) world.dead.set(id, world.dead.get(id) ?? world.now)
    for (const id of [...operation.ended, ...operation.told]) node.knows.add(id)
    if (outcome.answer) {
      world.access.push(outcome.answer.access)
      if (slot === 'A') violation ??= inspectTheft(world, operation, outcome.answer.refresh, booty)
      hear(operation, outcome.answer)
    }
  }

  function hear ({ slot, isLost }: Operation, { refresh: token, access }: Answered) {
    if (slot === 'the thief') steal(token, access)
    const client = clients.find(({ name }) => name === slot)
    if (!client || isLost) return
    client.access = access
    if (token === client.held) return
    client.past.push(client.held)
    client.held = token
  }

  function steal (token: Token, access: Access | null = null) {
    stolen = token
    stolenAccess = access
    booty.add(token)
  }

  function lose (kept: typeof world.redis) {
    world.redis = kept
    world.isIntact = false
  }

  // Stores answer within their deadlines or not at all; a commit that was sent may still happen later. Nodes read
  // the feed twice a second.
  async function pass (milliseconds: number) {
    const rounds = milliseconds > 2 * second ? 10 : 0
    for (let round = 0; round < rounds; round++) {
      for (const operation of [...world.operations.values()]) {
        if (operation.slot === 'a commit' || !operation.waits) continue
        if (operation.waits.what === 'commit') await abandon(operation)
        else await advance(operation, 'is not done')
      }
    }
    world.now += milliseconds
    world.access = world.access.filter(({ exp }) => exp > world.now)

    for (const node of world.nodes) {
      const slot = `the feed of ${node.name}`
      const reading = world.operations.get(slot) ?? await set('read', slot, node, {})
      await finish(reading)
      node.forget()
    }
    for (const operation of [...world.operations.values()]) settle(operation)
  }

  function look () {
    const honest = isContested ? clients.slice(1) : clients
    violation ??= inspect(world, honest.map(({ held }) => held))
  }

  function holdsAccess (sid: string) {
    return world.access.some(access => access.sid === sid && access.exp > world.now)
  }

  function firstAccess (sid: string): Access | null {
    return world.access.find(access => access.sid === sid) ?? null
  }

  function firstToken (sid: string): Token {
    const token = [...world.tokens.values()].find(token => token.sid === sid)
    if (!token) throw new Error('a session begins with a token')
    return token
  }

  function always () {
    return true
  }
}

const families = new Map<string, string>()

/** The name of a move that is the same at either node, in one go or step by step. */
function familyOf (name: string): string {
  const family = families.get(name) ?? name.replaceAll(/ at [12]|[12]|, step by step/g, '')
  families.set(name, family)
  return family
}
