import t from 'tap'
import { bodyHtml, bodyText } from '../../../../lib/mail/texts/body.ts'
import { readMarkdown, runsOf, splitTitle } from '../../../../lib/mail/texts/markdown.ts'

t.test('a letter has paragraphs, headings and lists', async t => {
  const blocks = readMarkdown('One\nline.\n\n## What to do ##\nRead:\n- this\n  and this\n- that\n\n1. First\n2. Second\r\n\r\n\r\n* last')
  t.strictSame(blocks, [
    { kind: 'paragraph', text: 'One line.' },
    { kind: 'heading', text: 'What to do' },
    { kind: 'paragraph', text: 'Read:' },
    { kind: 'list', isNumbered: false, items: ['this and this', 'that'] },
    { kind: 'list', isNumbered: true, items: ['First', 'Second'] },
    { kind: 'list', isNumbered: false, items: ['last'] }
  ])
  t.strictSame(bodyText(blocks), ['One line.', 'What to do', 'Read:', '- this and this\n- that', '1. First\n2. Second', '- last'])
  t.strictSame(readMarkdown('\n \n'), [])
})

t.test('the title is the first line, if that is one', async t => {
  t.strictSame(splitTitle('\n# A title\n\nText'), { title: 'A title', body: '\nText' })
  t.strictSame(splitTitle('# Alone'), { title: 'Alone', body: '' })
  for (const body of ['## No title\n', 'Text\n# Later', '#No blank']) t.strictSame(splitTitle(body), { title: null, body })
})

t.test('links lead to https addresses only, and end before the full stop', async t => {
  t.strictSame(runsOf('See https://a.example/x?y=1. Or [there](https://b.example/), **now**!'), [
    { kind: 'text', text: 'See ' },
    { kind: 'link', text: 'https://a.example/x?y=1', url: 'https://a.example/x?y=1' },
    { kind: 'text', text: '. Or ' },
    { kind: 'link', text: 'there', url: 'https://b.example/' },
    { kind: 'text', text: ', ' },
    { kind: 'strong', text: 'now' },
    { kind: 'text', text: '!' }
  ])
  for (const text of ['[x](javascript:alert(1))', '[x](http://a.example)', '[x](https://a b)']) {
    t.ok(runsOf(text).every(({ kind }) => kind === 'text' || kind === 'link') && !bodyHtml([{ kind: 'paragraph', text }], '').includes('href="j'))
  }
  t.strictSame(bodyText([{ kind: 'paragraph', text: 'Read [this](https://a.example/) **now**.' }]), ['Read this (https://a.example/) now.'])
})

t.test('nothing that is written becomes HTML', async t => {
  const evil = '<img src=x onerror=alert(1)> [<b>"x"</b>](https://a.example/"onclick="y) & **<i>**\u202e'
  const html = bodyHtml(readMarkdown(`${evil}\n\n## ${evil}\n\n- ${evil}`), '')
  t.notMatch(html, /<(img|b|i)\b|onclick="y|\u202e/)
  t.match(html, '&lt;img src=x onerror=alert(1)&gt; ')
})
