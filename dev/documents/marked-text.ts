/** The markers around a generated part of a page, and what the part is, for the error. */
export interface Markers { begin: string, end: string, part: string }

/**
 * Replaces the text between the two markers of a page.
 * @throws Error for a page without exactly one pair of markers
 */
export function withMarkedText (page: string, text: string, { begin, end, part }: Markers): string {
  const [before, rest, ...more] = page.split(begin)
  const [, after, ...others] = rest?.split(end) ?? []
  if (before === undefined || after === undefined || more.length + others.length > 0) {
    throw new Error(`The page has not one place for the ${part}`)
  }
  return [before, begin, '\n\n', text, '\n\n', end, after].join('')
}
