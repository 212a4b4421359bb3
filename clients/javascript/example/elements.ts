/** Makes an element: `h('button', { type: 'submit' }, 'Sign in')`. Texts are never read as HTML. */
export function h<Name extends keyof HTMLElementTagNameMap> (
  name: Name,
  properties: Partial<HTMLElementTagNameMap[Name]> = {},
  ...children: Array<Node | string>
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name)
  Object.assign(element, properties)
  element.append(...children)
  return element
}

/** Shows a page in the place of another, and lets the keyboard go on there: in its first field, or at its title. */
export function turnTo (before: Element | undefined, page: HTMLElement) {
  before?.replaceWith(page)
  const field = page.matches('section') ? page.querySelector('input') : null
  const title = page.querySelector<HTMLElement>('h1, h2')
  if (title) title.tabIndex = -1
  const start = field ?? title
  start?.focus()
}

/** A part of a page under a title of its own. */
export function card (title: string, ...children: Array<Node | string>): HTMLElement {
  return h('section', {}, h('h2', {}, title), ...children)
}
