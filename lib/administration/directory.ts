import type { Cursors, Place } from '../http/cursors.ts'
import { Refusal } from '../errors.ts'
import type { Filters, ListedUser, Order, Search, UserDirectoryStore, Wanted } from './directory-store.ts'
import type { UserStore } from '../users/user-store.ts'
import { presentUser } from '../users/user-view.ts'

/** A page of users, as it was asked for. */
export interface DirectoryQuery extends Partial<Filters> {
  q?: string | undefined
  order: Order
  limit: number
  cursor?: string | undefined
}

/** A part of a list, and after which place it goes on; null where it does not. */
interface Page { users: ListedUser[], next: Place | null }

export interface UserDirectoryParts { directory: UserDirectoryStore, users: Pick<UserStore, 'find'>, cursors: Cursors }

export type UserDirectory = ReturnType<typeof createUserDirectory>

/** So many users of a list are looked at one after the other before an index is asked. */
const within = 2000
/** Who finds so many among them goes on like that: an index would have too many to put in order. */
const frequent = 8
/** So many an index may find. */
const most = 4000

/** Users, for those who may read about others: by id, in lists, by search. */
export function createUserDirectory ({ directory, users, cursors }: UserDirectoryParts) {
  return { read, list }

  /** The user with this id. Throws `not_found`. */
  async function read (userId: string) {
    const user = await users.find(userId)
    if (!user) throw new Refusal('not_found')
    return { user: presentUser(user) }
  }

  /**
   * A page of users in the order that is asked for. With `q` only those whose address or name begins with it
   * (one or two characters) or contains it; where nobody's does, those that are like it. While there is a
   * `next_cursor` there may be more, also after a page that is short or empty: of a long list that holds
   * little of what is searched for, a page is what was found in a part of it.
   * @throws Refusal `invalid_request` for a cursor of another list
   */
  async function list ({ q, order, limit, cursor, role = null, status = null, approval = null }: DirectoryQuery) {
    const filters = { role, status, approval }
    const text = q?.trim()
    const name = { order, filters, text }
    const [how, place] = opened(name, cursor)
    const wanted = { order, filters, after: place, limit }

    if (text === undefined) return answer(name, 'list', await browse(wanted))

    const parts = partsOf(text)
    const search: Search = { how: how ?? (hasTrigrams(text) ? 'part' : 'beginning'), text, parts }
    const page = await find(search, wanted)
    const isFruitless = search.how === 'part' && !place && page.users.length === 0 && page.next === null
    if (!isFruitless || parts.length === 0) return answer(name, search.how, page)
    return answer(name, 'likeness', await find({ how: 'likeness', text, parts }, wanted))
  }

  async function browse (wanted: Wanted): Promise<Page> {
    return pageOf(await directory.list(oneMore(wanted)), wanted)
  }

  // What is frequent is found soon by looking; what is rare an index finds, and has little to put in order. Where
  // much is a little like it, what has been seen of that will do.
  async function find (search: Search, wanted: Wanted): Promise<Page> {
    const isGuess = search.how === 'likeness'
    const { found, end } = await directory.look(search, oneMore(wanted), isGuess ? within / 2 : within)
    if (end === null || found.length > wanted.limit) return pageOf(found, wanted)
    if (found.length >= frequent) return { users: found, next: end }

    const gathered = await directory.gather(search, oneMore(wanted), most)
    return gathered ? pageOf(gathered, wanted) : { users: found, next: isGuess ? null : end }
  }

  // A cursor knows how was searched: a search for what is alike goes on as one.
  function opened (name: object, cursor: string | undefined): [Search['how'] | null, Place | null] {
    const place = cursors.decrypt(name, cursor)
    const [, how, key] = /^(list|beginning|part|likeness):(.*)$/s.exec(place?.key ?? '') ?? []
    const isSearch = how === 'beginning' || how === 'part' || how === 'likeness'
    return [isSearch ? how : null, place && { key: key ?? '', id: place.id }]
  }

  function answer (name: object, how: Search['how'] | 'list', { users, next }: Page) {
    return {
      users: users.map(presentUser),
      next_cursor: next && cursors.encrypt(name, { key: `${how}:${next.key}`, id: next.id })
    }
  }
}

function oneMore (wanted: Wanted): Wanted {
  return { ...wanted, limit: wanted.limit + 1 }
}

function pageOf (found: ListedUser[], { limit }: Wanted): Page {
  const users = found.slice(0, limit)
  return { users, next: found.length > limit ? users.at(-1) ?? null : null }
}

/**
 * Whether an index of trigrams (pg_trgm) is of use for a part of a text: it knows three characters in a row of
 * a word; where a word begins it has two blanks before it, and one after its end. Both ends of the part are open.
 */
function hasTrigrams (part: string): boolean {
  const length = Array.from(part).length
  return length > 2 && Array.from(part.matchAll(/[\p{L}\p{N}]+/gu)).some(({ index, 0: word }) =>
    (index > 0 ? 2 : 0) + Array.from(word).length + (index + word.length < part.length ? 1 : 0) >= 3)
}

/**
 * Two parts of a text, of which one is right where there is one slip in it: its halves, of a short text its
 * beginning and its end. None where no index knows them.
 */
function partsOf (text: string): string[] {
  const characters = Array.from(text)
  const length = Math.max(3, Math.ceil(characters.length / 2))
  return characters.length < 4 ? [] : [characters.slice(0, length), characters.slice(-length)].map(part => part.join('')).filter(hasTrigrams)
}
