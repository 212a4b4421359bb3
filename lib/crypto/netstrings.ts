/**
 * Fields as netstrings (cr.yp.to/proto/netstrings.txt), with lengths in bytes, and a hyphen for null: two different
 * lists of fields never give the same text.
 */
export function netstrings (fields: (string | null)[]): string {
  return fields.map(field => field === null ? '-' : `${Buffer.byteLength(field)}:${field},`).join('')
}
