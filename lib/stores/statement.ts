/** A part of a statement: its text around its values, which are parameters or further parts. */
export interface Fragment { readonly strings: readonly string[], readonly values: readonly unknown[] }

const parts = new WeakSet<object>()

/** A part that may be used as a value in a statement. Only parts that were made here are ever written as text. */
export function fragment (strings: TemplateStringsArray, ...values: unknown[]): Fragment {
  const part = { strings, values }
  parts.add(part)
  return part
}

/** A template as Postgres takes it: a text with `$1`, `$2`, …, and the values in that order. */
export function render (strings: readonly string[], values: readonly unknown[]): { text: string, values: unknown[] } {
  const parameters: unknown[] = []
  return { text: write(strings, values, parameters), values: parameters }
}

function write (strings: readonly string[], values: readonly unknown[], parameters: unknown[]): string {
  let text = strings[0] ?? ''

  values.forEach((value, place) => {
    text += isFragment(value) ? write(value.strings, value.values, parameters) : `$${parameters.push(value)}`
    text += strings[place + 1] ?? ''
  })
  return text
}

function isFragment (value: unknown): value is Fragment {
  return typeof value === 'object' && value !== null && parts.has(value)
}
