import { readFileSync } from 'node:fs'

/** The code for single-page apps in README.md, letter by letter, with `api` in place of the example's origin. */
export function readSnippet (api: string) {
  const readme = readFileSync('README.md', 'utf8')
  const [, code = ''] = /\n## Two transports\n[^]*?```js\n([^]*?)```/.exec(readme) ?? []
  const pasted = code.replace('https://auth.example.com', api)
  const use = pasted.indexOf("\nawait call('/auth/login'")
  if (pasted === code || use < 0) throw new Error('README.md has no snippet that a test could use')

  return { pasted, functions: pasted.slice(0, use) }
}

/**
 * Two pages of an app: one that has only the snippet's functions, and one that runs the snippet and shows its results.
 */
export function spaPages (api: string, account: { email: string, password: string }) {
  const { pasted, functions } = readSnippet(api)
  return {
    '/': page(`${functions}\nObject.assign(globalThis, { call, refresh })`),
    '/pasted': page(`const { email, password } = ${JSON.stringify(account)}\n${pasted}\nglobalThis.signedInAs = user`)
  }
}

function page (script: string) {
  return `<!doctype html><title>App</title><link rel="icon" href="data:,"><script type="module">\n${script}</script>`
}
