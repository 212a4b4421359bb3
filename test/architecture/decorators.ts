import { wiringOf } from './wiring.ts'
import type { Wiring } from './wiring.ts'

/** The features that offer a decorator, by its name. */
type Offers = ReadonlyMap<string, ReadonlySet<string>>

/**
 * Features and their decorators: a plugin depends on exactly those features of which it uses something. A value
 * that only one feature uses is a constant in that feature, not a decorator.
 */
export function findMiswirings (files: ReadonlyMap<string, string>): string[] {
  const wirings = new Map([...files].map(([path, text]) => [path, wiringOf(path, text)]))
  const plugins = [...wirings].filter(([path]) => featureOf(path) !== null)
  const offers = offersOf(plugins)

  return [
    ...plugins.flatMap(([path, wiring]) => undeclared(path, wiring, offers)),
    ...plugins.flatMap(([path, wiring]) => unused(path, wiring, offers)),
    ...plugins.flatMap(([path, wiring]) => unwanted(path, wiring, wirings))
  ]
}

function offersOf (plugins: [string, Wiring][]): Offers {
  const offers = new Map<string, Set<string>>()

  for (const [path, { offers: instance, slots }] of plugins) {
    for (const name of [...instance, ...slots]) {
      offers.set(name, (offers.get(name) ?? new Set()).add(featureOf(path) ?? ''))
    }
  }
  return offers
}

function undeclared (path: string, { uses, dependencies, decorators }: Wiring, offers: Offers): string[] {
  const own = featureOf(path) ?? ''
  return [...uses].filter(name => !decorators.has(name)).flatMap(name => {
    const owners = [...offers.get(name) ?? []]
    const isDeclared = owners.length === 0 || owners.some(feature => feature === own || dependencies.has(feature))
    return isDeclared ? [] : [`${path} uses ${name} and does not depend on ${owners.join(', ')}`]
  })
}

function unused (path: string, { uses, dependencies, decorators }: Wiring, offers: Offers): string[] {
  const used = new Set([...uses].filter(name => !decorators.has(name)).flatMap(name => [...offers.get(name) ?? []]))
  return [
    ...[...dependencies]
      .filter(feature => !used.has(feature))
      .map(feature => `${path} depends on ${feature} and uses nothing of it`),
    ...[...dependencies]
      .filter(feature => feature === featureOf(path))
      .map(feature => `${path} depends on ${feature}, its own feature`),
    ...[...decorators]
      .filter(name => !uses.has(name))
      .map(name => `${path} wants ${name} and does not use it`)
  ]
}

function unwanted (path: string, { offers }: Wiring, wirings: ReadonlyMap<string, Wiring>): string[] {
  const own = featureOf(path)
  const outside = [...wirings].filter(([other]) => featureOf(other) !== own)
  return [...offers]
    .filter(name => outside.every(([, { uses }]) => !uses.has(name)))
    .map(name => `${path} decorates ${name}, which nothing outside ${own} uses`)
}

const featureOf = (path: string) => /^plugins\/([a-z]+)\//.exec(path)?.[1] ?? null
