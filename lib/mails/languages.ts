import { english } from './en.ts'
import type { Language } from './kinds.ts'

/** Every language there is, by its primary subtag (BCP 47). */
const languages = new Map<string, Language>([['en', english]])

/** The language for a locale such as `de-CH`; English where there is none. */
export function languageFor (locale: string): { tag: string, language: Language } {
  const tag = locale.split(/[-_]/, 1).join('').toLowerCase()
  const language = languages.get(tag)

  return language === undefined ? { tag: 'en', language: english } : { tag, language }
}
