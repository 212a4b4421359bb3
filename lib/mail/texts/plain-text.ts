/** Text on one line, without characters that break lines, change their direction or are invisible (ASVS 5.0 1.3.11). */
export function oneLine (text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\s]+/gu, ' ').trim()
}

/**
 * A name that a user chose (for themself or a device), fit for a mail to others: one line, at most `length` code
 * points, and no address that a mail program would turn into a link.
 */
export function asName (text: string, length = 80): string {
  const unlinked = text.replace(/:?\/\/+/g, ' ').replace(/[.。．｡](?=\p{L}[\p{L}\p{M}\p{N}-])/gu, '. ')
  const letters = Array.from(oneLine(unlinked))

  return letters.length > length ? `${letters.slice(0, length - 1).join('').trimEnd()}…` : letters.join('')
}
