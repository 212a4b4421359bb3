export type BareItem = string | number | boolean
export type Member = [BareItem, Record<string, BareItem>]

/**
 * Parses a List of Items (RFC 9651 §4.2.1, without inner lists, binary values, dates and tokens, which are not
 * used here).
 *
 * @throws Error at the first break of the grammar.
 */
export function parseList (field: unknown): Member[] {
  if (typeof field !== 'string') throw new TypeError(`not one field: ${String(field)}`)
  let rest = field.replace(/^ +| +$/g, '')
  const members: Member[] = []

  while (rest !== '') {
    members.push([bareItem(), parameters()])
    if (rest === '') break
    take(/^[ \t]*,[ \t]*/)
    if (rest === '') throw new Error(`a comma at the end of ${field}`)
  }
  if (members.length === 0) throw new Error('an empty list is no field')
  return members

  function bareItem (): BareItem {
    if (rest.startsWith('"')) return take(/^"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"/).slice(1, -1).replace(/\\(.)/g, '$1')
    if (rest.startsWith('?')) return take(/^\?[01]/) === '?1'
    const digits = take(/^-?\d{1,15}(?![\d.])|^-?\d{1,12}\.\d{1,3}(?!\d)/)
    return Number(digits)
  }

  function parameters () {
    const found: Record<string, BareItem> = {}
    while (rest.startsWith(';')) {
      take(/^; */)
      const key = take(/^[a-z*][a-z0-9_.*-]*/)
      found[key] = rest.startsWith('=') ? (take(/^=/), bareItem()) : true
    }
    return found
  }

  function take (form: RegExp): string {
    const [taken] = form.exec(rest) ?? []
    if (taken === undefined) throw new Error(`broken at «${rest}» of «${field}»`)
    rest = rest.slice(taken.length)
    return taken
  }
}
