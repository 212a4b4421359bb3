/** A map of at most `entriesMax` entries. One more entry makes it forget the entry that was set longest ago. */
export function createBoundedMap<K, V> (entriesMax: number) {
  const entries = new Map<K, V>()

  return {
    get: (key: K) => entries.get(key),
    set,
    delete: (key: K) => entries.delete(key),
    get size () { return entries.size }
  }

  // A map keeps the order of insertion, so a key that is set again has to be removed to become the newest.
  function set (key: K, value: V) {
    entries.delete(key)
    entries.set(key, value)
    if (entries.size <= entriesMax) return
    const oldest = entries.keys().next()
    if (oldest.done !== true) entries.delete(oldest.value)
  }
}
