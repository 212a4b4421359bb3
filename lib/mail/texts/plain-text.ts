/**
 * Text on one line without what breaks lines, turns them around or cannot be seen (ASVS 5.0 1.3.11).
 */
export function oneLine (text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\s]+/gu, ' ').trim()
}

/**
 * What somebody calls themself or their device, fit for a mail to others: one line, at most `length`
 * code points, and no address in it that a mail program would turn into a link.
 */
export function asName (text: string, length = 80): string {
  const unlinked = text.replace(/:?\/\/+/g, ' ').replace(/[.。．｡](?=\p{L}[\p{L}\p{M}\p{N}-])/gu, '. ')
  const letters = Array.from(oneLine(unlinked))

  return letters.length > length ? `${letters.slice(0, length - 1).join('').trimEnd()}…` : letters.join('')
}
