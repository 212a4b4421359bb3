/** The fields of what was parsed from JSON; none of what is no object. */
export function fieldsOf (value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : {}
}
