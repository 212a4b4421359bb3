/** Whether a value is a UUID in its one lower-case form. */
export function isUuid (value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)
}

/** The 16 bytes of a UUID. */
export function uuidToBytes (uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex')
}

/** The UUID of 16 bytes, in its one lower-case form. */
export function uuidFromBytes (bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** A UUID in its one lower-case form; undefined for a text that is no UUID. */
export function canonicalUuid (text: string): string | undefined {
  const canonical = text.toLowerCase()
  return isUuid(canonical) ? canonical : undefined
}
