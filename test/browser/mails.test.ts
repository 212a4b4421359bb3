import t from 'tap'
import type { Page } from 'playwright-core'
import { sampleMails } from '../../dev/samples/sample-mails.ts'
import { createMailer } from '../../lib/mail/mailer.ts'
import type { Mail } from '../../lib/mail/mailer.ts'
import { languages } from '../../lib/mail/texts/languages.ts'
import { openOnce } from '../support/once.ts'
import { launchChromium, withoutChromium } from './chromium.ts'

const options = { skip: withoutChromium }
const sharedBrowser = openOnce(() => launchChromium(t))

/** The faults of the mail that a page shows; an empty list if it is sound. */
const faults = `(() => {
  const found = []
  const parse = colour => colour.match(/[\\d.]+/g).map(Number)
  const luminance = colour => parse(colour).slice(0, 3).map(c => c / 255).map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, place) => sum + c * [0.2126, 0.7152, 0.0722][place], 0)
  const isClear = colour => parse(colour)[3] === 0
  const behind = element => isClear(getComputedStyle(element).backgroundColor) ? behind(element.parentElement) : getComputedStyle(element).backgroundColor

  if (document.documentElement.scrollWidth > innerWidth) found.push('wider than the window: ' + document.documentElement.scrollWidth)
  for (const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); walker.nextNode();) {
    const element = walker.currentNode.parentElement
    if (walker.currentNode.data.trim() === '') continue
    const [light, dark] = [luminance(getComputedStyle(element).color), luminance(behind(element))].sort((a, b) => b - a)
    const contrast = (light + 0.05) / (dark + 0.05)
    if (contrast < 4.5) found.push('contrast ' + contrast.toFixed(1) + ': ' + walker.currentNode.data.trim())
    if (parseFloat(getComputedStyle(element).fontSize) < 13) found.push('too small: ' + walker.currentNode.data.trim())
    if (element.getBoundingClientRect().right > innerWidth) found.push('cut off: ' + walker.currentNode.data.trim())
  }
  for (const button of document.querySelectorAll('.button a, .remedy')) if (button.getBoundingClientRect().height < 44) found.push('a button too small for a thumb')
  if (document.querySelectorAll('h1').length !== 1) found.push('not one heading')
  return found
})()`

for (const width of [375, 700]) {
  for (const colorScheme of ['light', 'dark'] as const) {
    t.test(`every mail reads well ${width} pixels wide, ${colorScheme}`, options, async t => {
      const page = await openPage({ width, colorScheme })
      const requests: string[] = []
      page.on('request', request => requests.push(request.url()))

      for (const { name, mail } of languages.flatMap(({ tag }) => sampleMails(tag))) {
        await page.setContent(await htmlOf(mail))
        t.same(await page.evaluate(faults), [], `${name} ${mail.locale}`)
      }
      const background = await page.evaluate('getComputedStyle(document.body).backgroundColor')
      t.equal(background, colorScheme === 'dark' ? 'rgb(15, 23, 42)' : 'rgb(243, 244, 246)')
      t.same(requests, [], 'nothing is loaded')
    })
  }
}

t.test('endless names, wide addresses and markup break no layout and run nothing', options, async t => {
  const page = await openPage({ width: 375, colorScheme: 'light' })
  for (const name of ['W'.repeat(5000), '<img src=x onerror="globalThis.hacked=1"><script>globalThis.hacked=1</script></table></td>', '\u202eevil\u2066', '王'.repeat(300), '😀'.repeat(300)]) {
    for (const { name: sample, mail } of sampleMails('de')) {
      await page.setContent(await htmlOf({ ...mail, name, ...(mail.occasion && { occasion: { ...mail.occasion, ip: '2001:0db8:85a3:0000:0000:8a2e:0370:7334', userAgent: `${'a'.repeat(30)}/1.2.3` } }) }))
      t.same(await page.evaluate(faults), [], sample)
      t.same(await page.evaluate('[globalThis.hacked, document.images.length, document.scripts.length]'), [null, 0, 0])
    }
  }
})

t.test('a mail that would read badly is detected', options, async t => {
  const page = await openPage({ width: 375, colorScheme: 'light' })
  const planted: [string, RegExp][] = [
    ['<h1>A</h1><p style="color:#999">grey</p>', /^contrast 2\.8: grey/],
    ['<h1>A</h1><p style="font-size:9px">small</p>', /^too small: small/],
    ['<h1>A</h1><div style="width:900px">wide</div>', /^wider than the window/],
    ['<h1>A</h1><span class="button"><a style="font-size:16px">press</a></span>', /^a button too small/],
    ['no heading', /^not one heading/]
  ]
  for (const [html, fault] of planted) {
    await page.setContent(`<!doctype html><body style="background:#ffffff">${html}`)
    t.match((await page.evaluate(faults) as string[])[0], fault)
  }
})

async function openPage ({ width, colorScheme }: { width: number, colorScheme: 'light' | 'dark' }): Promise<Page> {
  const browser = await sharedBrowser()
  const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme })
  return await context.newPage()
}

async function htmlOf (mail: Mail): Promise<string> {
  const composed: string[] = []
  await createMailer({ deliver: async ({ html }) => { composed.push(html) }, probe: async () => 0 }, { from: { name: 'Acme Schools', address: 'no-reply@acme.example' } }).deliver(mail)
  return composed.join('')
}
