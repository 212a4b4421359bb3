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

/** A part of a page under a title of its own. */
export function card (title: string, ...children: Array<Node | string>): HTMLElement {
  return h('section', {}, h('h2', {}, title), ...children)
}
