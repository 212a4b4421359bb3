/** The program and platform of a user agent; null where they are not recognised. */
export interface Agent { program: string | null, platform: string | null }

// The first match counts: nearly all of them claim to be Safari, and most to be Chrome.
const programs: [name: string, mark: RegExp][] = [
  ['Edge', /\bEdg(?:e|A|iOS)?\//],
  ['Opera', /\b(?:OPR|OPX|OPiOS)\//],
  ['Samsung Internet', /\bSamsungBrowser\//],
  ['Vivaldi', /\bVivaldi\//],
  ['Firefox', /\b(?:Firefox|FxiOS)\//],
  ['Chrome', /\b(?:Chrome|CriOS|Chromium)\//],
  ['Safari', /\bVersion\/[\d.]+.* Safari\//]
]

const platforms: [name: string, mark: RegExp][] = [
  ['iPhone', /\biPhone\b/],
  ['iPad', /\biPad\b/],
  ['Android', /\bAndroid\b/],
  ['ChromeOS', /\bCrOS\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\b(?:Macintosh|Mac OS X)\b/],
  ['Linux', /\b(?:Linux|X11)\b/]
]

/**
 * Recognises the common browsers and platforms. Of other user agents only the leading product is used (`okhttp/4.12.0`,
 * RFC 9110 §10.1.5): the sender of a request chooses this text, and must not write a message into a mail of ours.
 */
export function readUserAgent (userAgent: string): Agent {
  const [product = null] = /^(?!Mozilla\/)[A-Za-z][\w-]{0,29}\/\d[\d.]{0,14}(?![^ ])/.exec(userAgent) ?? []
  return { program: find(programs, userAgent) ?? product, platform: find(platforms, userAgent) }
}

function find (table: [name: string, mark: RegExp][], userAgent: string): string | null {
  return table.find(([, mark]) => mark.test(userAgent))?.[0] ?? null
}
