import type { MailContent } from './kinds.ts'

/** The plain text of a mail. */
export function textOf ({ greeting, paragraphs, code, link, otherwise }: MailContent, service: string) {
  const [first = '', ...rest] = paragraphs
  const parts = [
    greeting, first, code === undefined ? [] : `    ${code}`, rest, link === undefined ? [] : `${link.label}: ${link.url}`, otherwise, `-- \n${service}`
  ]
  return `${parts.flat().join('\n\n')}\n`
}

/** The same as HTML: inline styles only, nothing is loaded, every text is escaped. */
export function htmlOf ({ subject, greeting, paragraphs, code, link, otherwise }: MailContent, service: string, language: string) {
  const [first = '', ...rest] = paragraphs

  return `<!doctype html>
<html lang="${escape(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(subject)}</title>
</head>
<body style="margin:0;padding:24px 12px;background:#f3f4f6;font:16px/1.55 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;color:#1f2937">
<div style="max-width:480px;margin:0 auto">
<div style="padding:28px 32px;background:#fff;border:1px solid #e5e7eb;border-radius:12px">
<p style="margin:0 0 20px;font-weight:600;color:#4f46e5">${escape(service)}</p>
${[greeting, first].map(paragraph).join('\n')}
${[...codeBox(code), ...rest.map(paragraph), ...button(link)].join('\n')}
</div>
<p style="margin:16px 32px;font-size:13px;color:#6b7280">${escape(otherwise)}</p>
</div>
</body>
</html>
`
}

function paragraph (text: string) {
  return `<p style="margin:0 0 16px">${escape(text)}</p>`
}

function codeBox (code: string | undefined) {
  if (code === undefined) return []
  // On a line of its own no transfer encoding breaks it.
  return [`<p style="margin:24px 0;padding:16px;background:#eef2ff;border-radius:8px;text-align:center;font:700 32px/1 ui-monospace,Menlo,Consolas,monospace;letter-spacing:6px;color:#312e81">\n${escape(code)}\n</p>`]
}

function button (link: MailContent['link']) {
  if (link === undefined) return []
  return [`<p style="margin:24px 0 8px"><a href="${escape(link.url)}" style="display:inline-block;padding:12px 20px;background:#4f46e5;border-radius:8px;color:#fff;font-weight:600;text-decoration:none">${escape(link.label)}</a></p>`]
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

function escape (text: string) {
  return text.replace(/[&<>"']/g, character => entities[character] ?? '')
}
