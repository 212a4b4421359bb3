import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Page } from 'playwright-core'
import '../../../dev/example.ts'
import { launchChromium, openTab } from '../../browser/chromium.ts'
import { openRelay } from '../../browser/relay.ts'
import { build } from '../../support/helper.ts'
import { openOnce } from '../../support/once.ts'
import { partsOf, startMailServer } from '../../support/outside/mail-server.ts'
import { until } from '../../support/until.ts'

const sharedBrowser = openOnce(() => launchChromium(t))
const sharedWorld = openOnce(openWorld)

async function openWorld () {
  const relay = await openRelay(t)
  const mailServer = await startMailServer(t)
  const app = await build(t, { ISSUER_URL: relay.origin, APP_URL: `${relay.origin}/example`, SMTP_URL: mailServer.url, REMEMBER_DEVICE: '7d' })
  await app.listen({ host: '127.0.0.1', port: 0 })
  relay.to = (app.server.address() as AddressInfo).port
  return { app, origin: relay.origin, mailTo }

  /** The text of the newest mail to an address that says something like this. */
  async function mailTo (address: string, like = /./) {
    const texts = () => mailServer.mails.filter(({ to }) => to.includes(address)).map(({ raw }) => partsOf(raw).text ?? '').filter(text => like.test(text))
    await until(() => texts().length > 0, 10_000)
    return texts().at(-1) ?? ''
  }
}

/** The example in a browser of its own. */
export async function open (test: Pick<typeof t, 'teardown'>, fragment = '') {
  const world = await sharedWorld()
  const context = await (await sharedBrowser()).newContext()
  test.teardown(() => context.close())
  return { ...world, context, tab: await openTab(context, `${world.origin}/example${fragment}`) }
}

/** Fills in fields by their labels and presses the button of their form. */
export async function fill (tab: Page, action: string, values: Record<string, string>) {
  const form = tab.locator('form').filter({ has: tab.getByRole('button', { name: action, exact: true }) })
  for (const [label, value] of Object.entries(values)) await form.getByLabel(label, { exact: true }).fill(value)
  await form.getByRole('button', { name: action, exact: true }).click()
}
