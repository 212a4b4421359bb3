/** A part is what is worked upon in one go, which takes about a millisecond. Others have a turn between two parts. */
const partLength = 500

/** Items in parts, in their order. They are read as the parts are taken. */
export function * partsOf<T> (items: Iterable<T>): Generator<T[]> {
  let part: T[] = []
  for (const item of items) {
    if (part.push(item) < partLength) continue
    yield part
    part = []
  }
  if (part.length > 0) yield part
}
