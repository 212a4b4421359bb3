import encodeQR from 'qr'

/** What the standard (ISO/IEC 18004) leaves free around a code, in modules. */
const marginModules = 4

/**
 * A QR code of a text as a picture. It is dark on white whatever the colours of the page are: few cameras read the
 * reverse. Nothing leaves the page for it, which matters for a secret.
 */
export function qrCode (text: string, label: string): SVGSVGElement {
  const rows = encodeQR(text, 'raw', { ecc: 'medium', border: marginModules })
  const squares = rows.flatMap((row, y) => row.map((isDark, x) => isDark ? `M${x} ${y}h1v1h-1z` : ''))
  const picture = svg('svg', {
    class: 'qr',
    role: 'img',
    'aria-label': label,
    viewBox: `0 0 ${rows.length} ${rows.length}`,
    'shape-rendering': 'crispEdges'
  })
  picture.append(
    svg('rect', { width: '100%', height: '100%', fill: '#fff' }),
    svg('path', { d: squares.join(''), fill: '#000' }))
  return picture
}

function svg<Name extends keyof SVGElementTagNameMap> (name: Name, attributes: Record<string, string>) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name)
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value)
  return element
}
