/**
 * Parses `application/x-www-form-urlencoded` as OAuth uses it (RFC 6749, section 3.2 and appendix B): in UTF-8, no
 * parameter twice, and a parameter without a value counts as left out.
 * @throws SyntaxError for what two parsers could understand differently
 */
export function parseForm (text: string): Record<string, string> {
  const parameters = new Map<string, string>()

  for (const pair of text.split('&')) {
    if (pair === '') continue
    const [name = '', ...value] = pair.split('=')
    const decoded = decodeFormText(name)
    if (parameters.has(decoded)) throw new SyntaxError('Two parameters have one name')
    parameters.set(decoded, decodeFormText(value.join('=')))
  }
  return Object.fromEntries([...parameters].filter(([, value]) => value !== ''))
}

/**
 * Decodes a name or value of a form.
 * @throws SyntaxError for other characters than visible ASCII, and for escapes that are incomplete or not UTF-8
 */
export function decodeFormText (text: string): string {
  if (!/^[\x21-\x7e]*$/.test(text)) throw new SyntaxError('A form has no other characters than visible ASCII')
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch (cause) {
    throw new SyntaxError('An escape is not one of UTF-8', { cause })
  }
}
