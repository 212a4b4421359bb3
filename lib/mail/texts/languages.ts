import { german } from './de.ts'
import { english } from './en.ts'
import type { Language } from './kinds.ts'

/** Every language. English is used for any other. */
export const languages: readonly Language[] = [
  english,
  german
]

/** The language for a locale such as `de-CH`. */
export function languageFor (locale: string): Language {
  const tag = locale.split(/[-_]/, 1).join('').toLowerCase()
  return languages.find(language => language.tag === tag) ?? english
}
