import { chromium } from 'playwright-core'
import type { BrowserContext, Page } from 'playwright-core'
import type { Test } from 'tap'
import { findExecutable } from '../../dev/processes/executables.ts'

const program = findChromium()
if (!program) console.error('Left out: no Chromium here. On Debian: apt-get install chromium-headless-shell')

/** The reason why tests in a browser are skipped, or false if they can run. */
export const withoutChromium = program === undefined && 'there is no Chromium here'

const switches = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync'
]

/** A Chromium that reaches no host but the test's. Each context of it is a browser of its own, with its own cookies. */
export async function launchChromium (t: Pick<Test, 'teardown'>, args: string[] = []) {
  const launched = chromium.launch({ executablePath: program ?? '', args: [...switches, ...args] })
  // Registered before the browser is there: a test that ends meanwhile must close it as well.
  t.teardown(async () => { await launched.then(browser => browser.close(), () => {}) })
  return await launched
}

/** A new tab on a page whose scripts have run. */
export async function openTab (context: BrowserContext, url: string): Promise<Page> {
  const tab = await context.newPage()
  await tab.goto(url)
  return tab
}

/** The result of an expression in a page: its value, or the error that it throws. */
export async function ask<T extends object = object> (
  tab: Page,
  expression: string
): Promise<{ value?: T, error?: Record<string, unknown> }> {
  return await tab.evaluate(`(async () => {
    try {
      return { value: await (${expression}) }
    } catch (error) {
      return { error: { name: error.name, ...error } }
    }
  })()`)
}

// First the one without windows: it is the same engine and uses half the processor time.
function findChromium (): string | undefined {
  return findExecutable(['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'], ['/usr/bin'])
}
