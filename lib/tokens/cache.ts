/**
 * A cache of at most `entriesMax` entries that keeps those in use. It has two halves. An entry that is set, or found in
 * the older half, goes into the younger one. When the younger half is full, it becomes the older half, and the former
 * older half is dropped. A hit costs one look-up, where a strict order by last use would cost three.
 */
export function createTokenCache<Value extends object> (entriesMax: number) {
  let young = new Map<string, Value>()
  let old = new Map<string, Value>()

  return { get, set, clear }

  function get (token: string): Value | undefined {
    const value = young.get(token)
    if (value) return value

    const older = old.get(token)
    if (older) set(token, older)
    return older
  }

  function set (token: string, value: Value) {
    if (young.size >= entriesMax / 2) {
      old = young
      young = new Map()
    }
    young.set(token, value)
  }

  function clear () {
    young = new Map()
    old = new Map()
  }
}
