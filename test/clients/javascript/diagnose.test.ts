import { buildSync } from 'esbuild'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { diagnose } from '../../../clients/javascript/src/diagnose.ts'
import { ask, launchChromium, openTab, withoutChromium } from '../../browser/chromium.ts'
import { servePages } from '../../browser/pages.ts'
import { deploy, password, signUp, start } from '../../support/helper.ts'

t.test('in a page it tells the network from CORS, the prefix and the cookies', { skip: withoutChromium }, async t => {
  const pages = await servePages(t)
  const app = await start(t, await deploy(t, { ALLOWED_ORIGINS: `${pages.origin},${pages.otherSite}` }))
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const baseUrl = `http://localhost:${port}`
  const stranger = await servePages(t)
  for (const each of [pages, stranger]) each.pages['/'] = page()
  const context = await (await launchChromium(t)).newContext()
  const findings = async (url: string, options: object) =>
    await ask(await openTab(context, url), `client.diagnose(${JSON.stringify(options)})`)

  t.strictSame(await findings(pages.origin, { baseUrl }), { value: null })
  t.match(await findings(stranger.origin, { baseUrl }), { value: { fault: 'origin_not_allowed', advice: /ALLOWED_ORIGINS/ } })
  t.match(await findings(pages.origin, { baseUrl, apiPrefix: '/api/v2' }), { value: { fault: 'wrong_prefix' } })
  t.match(await findings(pages.origin, { baseUrl: 'http://localhost:1' }), { value: { fault: 'unreachable' } })

  const { email } = await signUp(app)
  const signIn = `(async () => {
    const options = { baseUrl: ${JSON.stringify(baseUrl)} }
    const latchkey = client.createLatchkey(options)
    await latchkey.signIn(${JSON.stringify({ email, password })})
    return await client.diagnose(options, latchkey)
  })()`
  t.strictSame(await ask(await openTab(context, pages.origin), signIn), { value: null })
  t.match(await ask(await openTab(context, pages.otherSite), signIn), { value: { fault: 'cookies_not_sent' } }, 'an app on another site')
})

t.test('something else that answers is named', async t => {
  const fetch = async () => new Response('<h1>Hello</h1>', { status: 200 })

  t.match(await diagnose({ baseUrl: 'http://localhost', fetch }), { fault: 'not_latchkey' })
})

function page () {
  const contents = "export * from './clients/javascript/src/index.ts'; export * from './clients/javascript/src/diagnose.ts'"
  const { outputFiles: [bundle] } = buildSync({
    stdin: { contents, resolveDir: '.' }, bundle: true, format: 'iife', globalName: 'client', write: false
  })
  return `<!doctype html><title>App</title><link rel="icon" href="data:,"><script>${bundle?.text}</script>`
}
