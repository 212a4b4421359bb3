import { Type } from '@sinclair/typebox'
import type { SchemaOptions, Static, TString } from '@sinclair/typebox'

/** One of some words: a single `enum`, where a union of literals would be as many schemas. */
export function oneOf<const Words extends readonly string[]> (words: Words, options: SchemaOptions = {}) {
  return Type.Unsafe<Words[number]>({ ...options, type: 'string', enum: [...words] })
}

/** Text, or `null` where there is none; never left out. */
export function orNull<S extends TString> (schema: S) {
  return Type.Unsafe<Static<S> | null>({ ...schema, type: ['string', 'null'] })
}
