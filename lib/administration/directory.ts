import type { Cursors, Position } from '../http/cursors.ts'
import { Refusal } from '../errors.ts'
import type { FactorFilter, Filters, ListedUser, ListPart, Order, Search, UserDirectoryStore } from './directory-store.ts'
import type { UserStore } from '../users/user-store.ts'
import { presentUser } from '../users/user-view.ts'

/** A request for a page of users. `limit` is the length of the page. */
export interface DirectoryQuery extends Partial<Filters> {
  /** The text to be searched for. */
  q?: string | undefined
  factor?: FactorFilter | null
  order: Order
  limit: number
  cursor?: string | undefined
}

/** A part of a list, and the position after which the next part begins; null at the end of the list. */
interface Page { users: ListedUser[], next: Position | null }

export interface UserDirectoryParts {
  directory: UserDirectoryStore
  users: Pick<UserStore, 'find'>
  cursors: Cursors
}

export type UserDirectory = ReturnType<typeof createUserDirectory>

/** This many users of a list are scanned one after the other before the index is used. */
const scanRows = 2000
/** With this many matches in a scan, they are common and scanning continues: the index would find too many to sort. */
const commonMatches = 8
/** The index is not used if it finds more candidates than this. */
const candidatesMax = 4000
const trigramLength = 3

/** Users by id, in lists and by search, for actors who may read about other users. */
export function createUserDirectory ({ directory, users, cursors }: UserDirectoryParts) {
  return { read, list }

  /**
   * The user with this id.
   * @throws Refusal `not_found`
   */
  async function read (userId: string) {
    const user = await users.find(userId)
    if (!user) throw new Refusal('not_found')
    return { user: presentUser(user) }
  }

  /**
   * A page of users in the given order. With `q`, only users whose address or name begins with it (one or two
   * characters) or contains it (more); if there are none, users whose address or name is similar to it. While there is
   * a `next_cursor` there may be more users, also after a page that is short or empty: if a long list has few matches,
   * a page has those that were found in a part of the list. That is so for users by their factor as well.
   * @throws Refusal `invalid_request` for a cursor of another list
   */
  async function list ({ q, order, limit, cursor, factor = null, ...given }: DirectoryQuery) {
    const { role = null, status = null, approval = null, vendorId = null } = given
    const ids = given.ids ? distinct(given.ids) : null
    const filters = { role, status, approval, vendorId, ids }
    const text = q?.trim()
    // What is left out is not named either, so that a cursor of an older version fits.
    const more = { ...(factor && { factor }), ...(vendorId && { vendorId }), ...(ids && { ids }) }
    const name = { order, filters: { role, status, approval }, text, ...more }
    const [how, after] = readCursor(name, cursor)
    const wanted = { order, filters, after, limit, factor }

    if (text === undefined) return answer(name, 'list', await browse(wanted))

    const parts = partsOf(text)
    const search: Search = { how: how ?? (hasTrigrams(text) ? 'part' : 'beginning'), text, parts }
    const page = await find(search, wanted)
    const isFruitless = search.how === 'part' && !after && page.users.length === 0 && page.next === null
    if (!isFruitless || parts.length === 0) return answer(name, search.how, page)
    return answer(name, 'likeness', await find({ how: 'likeness', text, parts }, wanted))
  }

  async function browse (wanted: ListPart): Promise<Page> {
    if (!wanted.factor) return pageOf(await directory.list(oneMore(wanted)), wanted)
    const { found, end } = await directory.scan(null, oneMore(wanted), scanRows)
    return found.length > wanted.limit ? pageOf(found, wanted) : { users: found, next: end }
  }

  // A scan soon finds what is common. The index finds what is rare, and then has few users to sort. If very many users
  // are slightly similar to the text, the matches of the scan are enough.
  async function find (search: Search, wanted: ListPart): Promise<Page> {
    const isSimilarity = search.how === 'likeness'
    const { found, end } = await directory.scan(search, oneMore(wanted), isSimilarity ? scanRows / 2 : scanRows)
    if (end === null || found.length > wanted.limit) return pageOf(found, wanted)
    if (found.length >= commonMatches) return { users: found, next: end }

    const indexed = await directory.searchIndex(search, oneMore(wanted), candidatesMax)
    return indexed ? pageOf(indexed, wanted) : { users: found, next: isSimilarity ? null : end }
  }

  // A cursor contains the kind of its search, so the next page is searched in the same way.
  function readCursor (name: object, cursor: string | undefined): [Search['how'] | null, Position | null] {
    const position = cursors.decrypt(name, cursor)
    const [, how, key] = /^(list|beginning|part|likeness):(.*)$/s.exec(position?.key ?? '') ?? []
    const isSearch = how === 'beginning' || how === 'part' || how === 'likeness'
    return [isSearch ? how : null, position && { key: key ?? '', id: position.id }]
  }

  function answer (name: object, how: Search['how'] | 'list', { users, next }: Page) {
    return {
      users: users.map(presentUser),
      next_cursor: next && cursors.encrypt(name, { key: `${how}:${next.key}`, id: next.id })
    }
  }
}

/** Each id once, in lower case and sorted, so that the same ids always name the same list. */
function distinct (ids: string[]): string[] {
  return [...new Set(ids.map(id => id.toLowerCase()))].sort()
}

// One user more than the page shows whether the list goes on.
function oneMore (wanted: ListPart): ListPart {
  return { ...wanted, limit: wanted.limit + 1 }
}

function pageOf (found: ListedUser[], { limit }: ListPart): Page {
  const users = found.slice(0, limit)
  return { users, next: found.length > limit ? users.at(-1) ?? null : null }
}

/**
 * Whether the trigram index (pg_trgm) can find a part of a text. A trigram is three characters in a row of a word, to
 * which two blanks before it and one after it are added. Within the part, only a word that follows another character
 * is known to begin there, and only one that another character follows is known to end there.
 */
function hasTrigrams (part: string): boolean {
  const words = Array.from(part.matchAll(/[\p{L}\p{N}]+/gu))
  return Array.from(part).length >= trigramLength && words.some(({ index, 0: word }) => {
    const before = index > 0 ? 2 : 0
    const after = index + word.length < part.length ? 1 : 0
    return before + Array.from(word).length + after >= trigramLength
  })
}

/**
 * Two parts of a text, one of which is right if the text has one typing error: its halves, or the beginning and the
 * end of a short text. Parts that the index cannot find are left out.
 */
function partsOf (text: string): string[] {
  const characters = Array.from(text)
  if (characters.length <= trigramLength) return []
  const length = Math.max(trigramLength, Math.ceil(characters.length / 2))
  return [characters.slice(0, length), characters.slice(-length)].map(part => part.join('')).filter(hasTrigrams)
}
