/**
 * Text on one line, without characters that break lines, change their direction or are invisible (ASVS 5.0 1.3.11). A
 * joiner stays inside a word of a script other than Latin and inside an emoji, where it decides what people see.
 */
export function oneLine (text: string): string {
  return text.replace(keptOrUnfit, (_, kept?: string) => kept ?? ' ').trim()
}

/** A joiner between two parts of an emoji, or between two letters of a script other than Latin. */
const joiner = /(?<=\p{Emoji_Presentation}|\ufe0f|(?!\p{Script=Latin})[\p{L}\p{M}])[\u200c\u200d](?=(?![\d#*])\p{Emoji}|(?!\p{Script=Latin})\p{L})/u
/** The character that asks for the coloured form of an emoji. */
const emojiStyle = /(?<=(?![\d#*])\p{Emoji})\ufe0f/u
const unfit = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\s]+/u
const keptOrUnfit = new RegExp(`(${joiner.source}|${emojiStyle.source})|${unfit.source}`, 'gu')

/**
 * A name that a user chose (for themself or a device), fit for a mail to others: one line, at most `length` code
 * points, and no address that a mail program would turn into a link.
 */
export function asName (text: string, length = 80): string {
  const unlinked = text.replace(/:?\/\/+/g, ' ').replace(/[.。．｡](?=\p{L}[\p{L}\p{M}\p{N}-])/gu, '. ')
  const letters = Array.from(oneLine(unlinked))

  return letters.length > length ? `${letters.slice(0, length - 1).join('').trimEnd()}…` : letters.join('')
}
