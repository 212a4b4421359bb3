import { escape } from './escape.ts'
import { runsOf } from './markdown.ts'
import type { Block, Run } from './markdown.ts'
import { oneLine } from './plain-text.ts'

/** The text of blocks, as people write it in plain text. */
export function bodyText (blocks: Block[]): string[] {
  return blocks.map(block => {
    if (block.kind !== 'list') return plain(block.text)
    return block.items.map((item, place) => `${block.isNumbered ? `${place + 1}.` : '-'} ${plain(item)}`).join('\n')
  })
}

/** The HTML of blocks. All is escaped; of links there are only those to https addresses. */
export function bodyHtml (blocks: Block[], style: string): string {
  return blocks.map(block => {
    switch (block.kind) {
      case 'heading':
        return `<h2 class="strong" style="margin:24px 0 8px;font-size:18px;line-height:26px;font-weight:700;color:#0f172a;${style}">${inline(block.text)}</h2>`
      case 'paragraph': return `<p style="margin:0 0 16px;font-size:16px;line-height:25px;${style}">${inline(block.text)}</p>`
      default: {
        const tag = block.isNumbered ? 'ol' : 'ul'
        const items = block.items.map(item => `<li style="margin:0 0 8px">${inline(item)}</li>`)
        return `<${tag} style="margin:0 0 16px;padding:0 0 0 24px;font-size:16px;line-height:25px;${style}">\n${items.join('\n')}\n</${tag}>`
      }
    }
  }).join('\n')
}

function plain (line: string): string {
  return runsOf(line).map(run => {
    if (run.kind !== 'link' || run.text === run.url) return run.text
    return `${run.text} (${run.url})`
  }).map(oneLineInside).join('').trim()
}

function inline (line: string): string {
  return runsOf(line).map(htmlOfRun).join('').trim()
}

function htmlOfRun (run: Run): string {
  switch (run.kind) {
    case 'text': return spaced(run.text, escape)
    case 'strong': return `<strong class="strong">${escape(run.text)}</strong>`
    case 'link': return `<a href="${escape(run.url)}" class="remedy" style="color:#4338ca">${escape(run.text)}</a>`
  }
}

const oneLineInside = (text: string) => spaced(text, oneLine)

/** Cleans a part of a line, and keeps the blanks at its ends. */
function spaced (text: string, clean: (text: string) => string): string {
  return `${/^\s/.test(text) ? ' ' : ''}${clean(text)}${/\s$/.test(text) && text.trim() !== '' ? ' ' : ''}`
}
