import { Type } from '@sinclair/typebox'
import type { SchemaOptions, Static, TString } from '@sinclair/typebox'

/** One of several words: a single `enum`. A union of literals would be a schema for each word. */
export function oneOf<const Words extends readonly string[]> (words: Words, options: SchemaOptions = {}) {
  return Type.Unsafe<Words[number]>({ ...options, type: 'string', enum: [...words] })
}

/** A position in what has ended, as services follow it. */
export const position = {
  pattern: '^[0-9]{1,15}\\.[0-9]{1,40}(\\.[0-9]{1,15}){0,20}$', examples: ['48213.2026112713000012345600']
}

/** A text, or `null` if there is none. The property is never left out. */
export function orNull<S extends TString> (schema: S) {
  return Type.Unsafe<Static<S> | null>({ ...schema, type: ['string', 'null'] })
}
