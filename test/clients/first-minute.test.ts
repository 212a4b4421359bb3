import { buildSync } from 'esbuild'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import t from 'tap'
import { launchChromium, openTab, withoutChromium } from '../browser/chromium.ts'
import { servePages } from '../browser/pages.ts'
import { openRelay } from '../browser/relay.ts'
import { signed } from '../support/accounts/people.ts'
import { makeService } from '../support/accounts/services.ts'
import { deploy, password, signUp, start } from '../support/helper.ts'
import { openOnce } from '../support/once.ts'

const shared = openOnce(openWorld)

t.test('the first minute of a page works as it is pasted', { skip: withoutChromium }, async t => {
  const { app, issuer, pages } = await shared()
  const { email } = await signUp(app)
  const script = runnable('javascript', {
    before: `const email = ${JSON.stringify(email)}, password = ${JSON.stringify(password)}`,
    issuer,
    after: 'window.user = user'
  })
  pages.pages['/'] = `<!doctype html><title>App</title><link rel="icon" href="data:,"><script type="module">${script}</script>`

  const tab = await openTab(await (await launchChromium(t)).newContext(), `${pages.origin}/`)

  await tab.waitForFunction('window.user')
  t.match(await tab.evaluate('user'), { email })
})

t.test('the first minute of a service works as it is pasted', async t => {
  const { app, issuer } = await shared()
  const { access_token: token, user } = await signed(app, 'admin')
  const { id, secret } = await makeService(app, { mayFollow: true })
  const script = runnable('verifier', {
    before: `const id = '${id}', secret = '${secret}', token = '${token}'`,
    issuer,
    after: 'export { verifier, userId, role }'
  })

  const { verifier, userId, role } = await import(`data:text/javascript,${encodeURIComponent(script)}`)
  t.teardown(() => verifier.close())

  t.strictSame({ userId, role }, { userId: user.id, role: 'admin' })
})

/** The first JavaScript of a package's README, letter by letter, with this deployment for the one of the example. */
function runnable (
  name: 'javascript' | 'verifier',
  { before, issuer, after }: { before: string, issuer: string, after: string }
) {
  const [, pasted = ''] = /```js\n([^]*?)```/.exec(readFileSync(`clients/${name}/README.md`, 'utf8')) ?? []
  const { outputFiles: [bundle] } = buildSync({
    stdin: { contents: `${before}\n${pasted.replace('https://auth.example.com', issuer)}\n${after}`, resolveDir: '.' },
    alias: {
      '@latchkey/client': resolve('clients/javascript/src/index.ts'),
      '@latchkey/verifier': resolve('clients/verifier/src/index.ts')
    },
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: name === 'verifier' ? 'node' : 'browser',
    write: false
  })
  return bundle?.text ?? ''
}

async function openWorld () {
  const relay = await openRelay(t)
  const pages = await servePages(t)
  const app = await start(t, await deploy(t, { ISSUER_URL: relay.origin, ALLOWED_ORIGINS: pages.origin }))
  await app.listen({ host: '127.0.0.1', port: 0 })
  relay.to = (app.server.address() as AddressInfo).port
  return { app, pages, issuer: relay.origin }
}
