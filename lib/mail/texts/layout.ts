import { bodyHtml, bodyText } from './body.ts'
import { escape } from './escape.ts'
import type { Detail, Language, Link, MailContent } from './kinds.ts'
import { oneLine } from './plain-text.ts'

/** The parts of a mail around its content. */
export interface Frame {
  language: Language
  greeting: string
  service: string
  details: Detail[]
}

/** The plain text of a mail. Each text stays on its line, wherever its words came from (ASVS 5.0 1.2.1, 1.3.11). */
export function textOf (content: MailContent, { language, greeting, service, details }: Frame): string {
  const { lead = '', body = [], advice, code, link, terms, otherwise, remedy } = content
  const blocks = [
    oneLine(greeting),
    oneLine(lead),
    ...bodyText(body),
    detailsText(details),
    oneLine(advice ?? ''),
    code === undefined ? '' : `    ${code}`,
    linkText(language, link),
    oneLine(terms ?? ''),
    otherwise === undefined ? '' : `${language.labels.otherwise}\n${oneLine(otherwise)}`,
    linkText(language, remedy),
    `-- \n${oneLine(service)}\n${oneLine(language.footer(service))}`
  ]
  return `${blocks.filter(block => block !== '').join('\n\n')}\n`
}

// Every mail program makes a link of an address on a line of its own, to its last character.
function linkText ({ labels }: Language, link: Link | undefined) {
  if (link === undefined) return ''
  const token = tokenIn(link)
  const pasted = token === undefined ? '' : `\n\n${labels.paste}\n    ${token}`
  return `${oneLine(link.label)}:\n${link.url}${pasted}`
}

/**
 * The token after the `#` of a link. Some programs that check links before they open them drop that part, so a mail
 * shows the token as text as well.
 */
function tokenIn ({ url }: Link): string | undefined {
  return /#token=([\w-]+)$/.exec(url)?.[1]
}

function detailsText (details: Detail[]) {
  const width = Math.max(...details.map(([name]) => name.length)) + 2
  return details.map(([name, value]) => `    ${`${name}:`.padEnd(width)}${oneLine(value)}`).join('\n')
}

/** The HTML of a mail: tables and inline styles, which every mail program knows. Nothing is loaded, all is escaped. */
export function htmlOf (content: MailContent, { language, greeting, service, details }: Frame): string {
  const { subject, title, lead, body = [], advice, code, link, terms, otherwise, remedy } = content
  return `<!doctype html>
<html lang="${escape(language.tag)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no">
<title>${escape(subject)}</title>
<style>
${dark}
</style>
</head>
<body class="page" style="margin:0;padding:0;background:#f3f4f6">
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" style="border-collapse:collapse;background:#f3f4f6">
<tr><td align="center" style="padding:24px 12px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:560px;border-collapse:separate;${font}">
<tr><td class="soft" style="padding:0 8px 12px;font-size:15px;line-height:22px;font-weight:600;color:#4b5563;${breaking}">${escape(service)}</td></tr>
<tr><td class="card" style="padding:32px 28px 28px;background:#ffffff;border:1px solid #e5e7eb;border-top:4px solid #4338ca;border-radius:12px;color:#1f2937">
<h1 class="strong" style="margin:0 0 20px;font-size:24px;line-height:31px;font-weight:700;color:#0f172a;${breaking}">${escape(title)}</h1>
${[
  paragraph(greeting),
  paragraph(lead),
  bodyHtml(body, breaking),
  table(details),
  paragraph(advice),
  codeBox(code),
  button(link),
  paste(language, link),
  paragraph(terms),
  panel(language, otherwise, remedy)
].filter(part => part !== '').join('\n')}
</td></tr>
<tr><td class="soft" style="padding:16px 8px 0;font-size:13px;line-height:20px;color:#4b5563;${breaking}">${escape(language.footer(service))}</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
`
}

const font = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"

/** Breaks a word that is wider than a telephone. */
const breaking = 'word-break:break-word;overflow-wrap:anywhere'

// The light colours are inline: programs that drop the styles of the head show the mail light.
const dark = `:root { color-scheme: light dark }
@media (prefers-color-scheme: dark) {
  .page { background: #0f172a !important }
  .card { background: #1f2937 !important; border-color: #6366f1 #3b4554 #3b4554 !important; color: #e5e7eb !important }
  .strong { color: #f9fafb !important }
  .soft { color: #b6bdc9 !important }
  .line { border-color: #3b4554 !important }
  .code { background: #312e81 !important; color: #eef2ff !important }
  .button { background: #4f46e5 !important }
  .panel { background: #0f172a !important; border-color: #3b4554 !important; color: #e5e7eb !important }
  .remedy { border-color: #a5b4fc !important; color: #a5b4fc !important }
}`

function paragraph (text: string | undefined) {
  return text === undefined ? '' : `<p style="margin:0 0 16px;font-size:16px;line-height:25px;${breaking}">${escape(text)}</p>`
}

function codeBox (code: string | undefined) {
  if (code === undefined) return ''
  // No transfer encoding breaks a code on a line of its own.
  return `<p class="code" style="margin:24px 0;padding:20px 8px;background:#eef2ff;border-radius:8px;text-align:center;font:700 34px/40px ui-monospace,Menlo,Consolas,monospace;letter-spacing:8px;text-indent:8px;color:#312e81">\n${escape(code)}\n</p>`
}

function button (link: Link | undefined) {
  if (link === undefined) return ''
  return `<table role="presentation" cellpadding="0" cellspacing="0" style="margin:24px 0;border-collapse:separate"><tr><td class="button" style="background:#4338ca;border-radius:8px"><a href="${escape(link.url)}" style="display:inline-block;padding:13px 24px;font-size:16px;line-height:22px;font-weight:600;color:#ffffff;text-decoration:none">${escape(link.label)}</a></td></tr></table>`
}

function paste ({ labels }: Language, link: Link | undefined) {
  const token = link && tokenIn(link)
  if (token === undefined) return ''
  return `<p class="soft" style="margin:0 0 16px;font-size:14px;line-height:21px;color:#4b5563;${breaking}">${escape(labels.paste)}<span style="display:block;font-family:ui-monospace,Menlo,Consolas,monospace">\n${escape(token)}\n</span></p>`
}

function table (details: Detail[]) {
  if (details.length === 0) return ''
  const rows = details.map(([name, value], place) => {
    const line = place === 0 ? '' : 'border-top:1px solid #e5e7eb;'
    return `<tr><th scope="row" class="line soft" align="left" width="1%" style="${line}padding:10px 20px 10px 0;font-size:14px;line-height:21px;font-weight:400;text-align:left;vertical-align:top;white-space:nowrap;color:#4b5563">${escape(name)}</th><td class="line strong" dir="auto" style="${line}padding:10px 0;font-size:15px;line-height:21px;font-weight:600;text-align:left;vertical-align:top;color:#0f172a;${breaking}">${escape(value)}</td></tr>`
  })
  return `<table class="line" width="100%" cellpadding="0" cellspacing="0" style="margin:4px 0 20px;border-collapse:collapse;border-top:1px solid #e5e7eb;border-bottom:1px solid #e5e7eb">\n${rows.join('\n')}\n</table>`
}

function panel (language: Language, otherwise: string | undefined, remedy: Link | undefined) {
  const { labels } = language
  if (otherwise === undefined) return ''
  return `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="margin:24px 0 0;border-collapse:separate"><tr><td class="panel" style="padding:16px 18px;background:#f9fafb;border:1px solid #e5e7eb;border-radius:8px;font-size:15px;line-height:23px;color:#3b4554;${breaking}">
<h2 class="strong" style="margin:0 0 4px;font-size:15px;line-height:23px;font-weight:700;color:#0f172a">${escape(labels.otherwise)}</h2>
<p style="margin:0">${escape(otherwise)}</p>
${remedyLink(remedy)}${paste(language, remedy)}</td></tr></table>`
}

function remedyLink (link: Link | undefined) {
  if (link === undefined) return ''
  return `<p style="margin:14px 0 2px"><a href="${escape(link.url)}" class="remedy" style="display:inline-block;padding:10px 18px;border:1px solid #4338ca;border-radius:8px;line-height:22px;font-weight:600;color:#4338ca;text-decoration:none">${escape(link.label)}</a></p>\n`
}
