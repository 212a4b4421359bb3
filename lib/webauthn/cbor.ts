/** A decoded item. The keys of a map are numbers and texts, as COSE and WebAuthn use them. */
export type Cbor = number | string | boolean | null | Buffer | Cbor[] | CborMap
export type CborMap = Map<number | string, Cbor>

/** How deep arrays and maps may be nested: an attestation object needs three levels. */
const depthMax = 4

/**
 * Decodes one item (RFC 8949) that takes up all bytes. Only what WebAuthn needs is read: definite lengths, no tags, no
 * floating-point numbers, no key twice.
 * @throws Error for anything else
 */
export function decodeCbor (bytes: Buffer): Cbor {
  const { item, end } = decodeFirstCbor(bytes, 0)
  if (end !== bytes.length) throw new Error('bytes are left over')
  return item
}

/** Decodes the item that begins at a place, and says where it ends. */
export function decodeFirstCbor (bytes: Buffer, from: number): { item: Cbor, end: number } {
  let place = from
  const item = read(depthMax)
  return { item, end: place }

  function read (depth: number): Cbor {
    const [head = 0] = take(1)
    const major = head >> 5
    if (major === 7) return simple(head & 0x1f)

    const argument = readArgument(head & 0x1f)
    if (major === 0) return argument
    if (major === 1) return -1 - argument
    if (major === 2) return take(argument)
    if (major === 3) return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(take(argument))
    if (major > 5 || depth === 0) throw new Error('this item is not expected here')
    return major === 4 ? readArray(argument, depth - 1) : readMap(argument, depth - 1)
  }

  function readArgument (information: number): number {
    if (information < 24) return information
    if (information === 24) return take(1).readUInt8()
    if (information === 25) return take(2).readUInt16BE()
    if (information === 26) return take(4).readUInt32BE()
    throw new Error('only definite lengths and numbers of 32 bits are read')
  }

  function readArray (length: number, depth: number): Cbor[] {
    const items: Cbor[] = []
    for (let n = 0; n < length; n++) items.push(read(depth))
    return items
  }

  function readMap (length: number, depth: number): CborMap {
    const map: CborMap = new Map()
    for (let n = 0; n < length; n++) {
      const key = read(0)
      if ((typeof key !== 'number' && typeof key !== 'string') || map.has(key)) throw new Error('this key is not expected')
      map.set(key, read(depth))
    }
    return map
  }

  function take (length: number): Buffer {
    const taken = bytes.subarray(place, place + length)
    if (taken.length !== length) throw new Error('bytes are missing')
    place += length
    return taken
  }
}

function simple (information: number) {
  if (information === 20 || information === 21) return information === 21
  if (information === 22) return null
  throw new Error('this simple value is not expected')
}
