/**
 * A bounded memory that keeps what is used: two halves, each of `size / 2` entries at most. What is
 * set, or found in the older half, goes into the younger one; when that is full it becomes the older
 * half and the other is dropped. A hit costs one look-up, where a strict order by last use would cost
 * three.
 */
export function createTokenCache<Value extends object> (size: number) {
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
    if (young.size >= size / 2) {
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
