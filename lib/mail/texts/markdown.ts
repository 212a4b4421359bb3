/** A part of a text. The texts in it may hold links and strong words: see `runsOf`. */
export type Block =
  | { kind: 'heading', text: string }
  | { kind: 'paragraph', text: string }
  | { kind: 'list', isNumbered: boolean, items: string[] }

/** A run of a line. */
export type Run = { kind: 'text' | 'strong', text: string } | { kind: 'link', text: string, url: string }

/** What the first line of a file says if it is its title, and the rest. */
export interface Titled { title: string | null, body: string }

/**
 * Reads the part of Markdown that letters need: paragraphs, `## headings`, lists with `-` or `1.`. Everything else
 * stays as it is written; nothing becomes HTML.
 */
export function readMarkdown (text: string): Block[] {
  const parts = text.replaceAll('\r\n', '\n').split(/\n\s*\n|\n(?=#{1,6} )|(?<=^#{1,6} .*)\n/m)
  return parts.map(part => part.trim()).filter(part => part !== '').flatMap(blocksOf)
}

/** Takes the title off: `# Title` in the first line that is not empty. */
export function splitTitle (text: string): Titled {
  const [, title, body] = /^\s*# +(.+?) *#*(?:\n([^]*))?$/.exec(text.replaceAll('\r\n', '\n')) ?? []
  return title === undefined ? { title: null, body: text } : { title, body: body ?? '' }
}

/** The runs of a line: `[text](https://…)`, `https://…` and `**strong**` are told apart. Other schemes are no links. */
export function runsOf (line: string): Run[] {
  const pattern = /\[([^\]]+)\]\((https:\/\/[^\s()<>]+)\)|(https:\/\/[^\s<>]*[^\s<>.,;:!?)])|\*\*([^*]+)\*\*/g
  const runs: Run[] = []
  let end = 0

  for (const { 0: all, 1: label, 2: target, 3: bare, 4: strong, index } of line.matchAll(pattern)) {
    if (index > end) runs.push({ kind: 'text', text: line.slice(end, index) })
    const url = target ?? bare
    if (url !== undefined) runs.push({ kind: 'link', text: label ?? url, url })
    else runs.push({ kind: 'strong', text: strong ?? '' })
    end = index + all.length
  }
  return end < line.length ? [...runs, { kind: 'text', text: line.slice(end) }] : runs
}

function blocksOf (part: string): Block[] {
  const [, heading] = /^#{1,6} +(.+?) *#*$/.exec(part) ?? []
  if (heading !== undefined) return [{ kind: 'heading', text: heading }]

  const [first, ...items] = part.split(/^(?=(?:[-*]|\d{1,3}\.) +)/m).map(joined)
  if (first === undefined) return []
  const marker = /^(?:[-*]|\d{1,3}\.) +/
  if (!marker.test(first)) return [{ kind: 'paragraph', text: first }, ...(items.length > 0 ? [listOf(items, marker)] : [])]
  return [listOf([first, ...items], marker)]
}

function listOf (items: string[], marker: RegExp): Block {
  return { kind: 'list', isNumbered: /^\d/.test(items[0] ?? ''), items: items.map(item => item.replace(marker, '')) }
}

const joined = (text: string) => text.trim().replace(/\s*\n\s*/g, ' ')
