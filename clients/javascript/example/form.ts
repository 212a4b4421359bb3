import { h } from './elements.ts'
import { explain, fieldErrors } from './explain.ts'

export interface Field extends Partial<Pick<HTMLInputElement, 'type' | 'value' | 'minLength' | 'pattern' | 'inputMode'>> {
  /** The name of the field in the API, where its errors are told by that name. */
  name: string
  label: string
  /** What password managers and phones know the field by. */
  autocomplete: AutoFill
}

export interface FormOptions {
  fields: Field[]
  /** What the button says. */
  action: string
  /** Gets the values of the fields by their names. A text that it returns is shown below the form. */
  submit: (values: Record<string, string>) => Promise<string | void>
}

/** A form with labels, one request at a time, and the server's refusals where they belong. */
export function form ({ fields, action, submit }: FormOptions): HTMLFormElement {
  const inputs = fields.map(({ label, ...field }) => {
    const isCheckbox = field.type === 'checkbox'
    const input = h('input', { id: `${action}-${field.name}`, required: !isCheckbox, ...field })
    const error = h('small', { className: 'error' })
    return { name: field.name, input, error, label: h('label', {}, label, input, error) }
  })
  const button = h('button', { type: 'submit' }, action)
  const said = h('output')

  return h('form', { onsubmit }, ...inputs.map(({ label }) => label), button, said)

  function onsubmit (event: Event) {
    event.preventDefault()
    send()
  }

  async function send () {
    button.disabled = true
    clear()
    try {
      said.append(await submit(Object.fromEntries(inputs.map(({ name, input }) => [name, valueOf(input)]))) ?? '')
    } catch (error) {
      complain(error)
    }
    button.disabled = false
  }

  function clear () {
    said.replaceChildren()
    said.className = ''
    for (const { input, error } of inputs) {
      input.ariaInvalid = 'false'
      error.replaceChildren()
    }
  }

  function complain (error: unknown) {
    const wrong = fieldErrors(error)
    const marked = inputs.filter(({ name }) => wrong.has(name))
    for (const { name, input, error } of marked) {
      input.ariaInvalid = 'true'
      error.append(wrong.get(name) ?? '')
    }
    if (marked.length === 0) {
      said.className = 'error'
      said.append(explain(error))
    }
    (marked[0] ?? inputs[0])?.input.focus()
  }
}

/** What was entered; of a checkbox `on`, or nothing. */
function valueOf ({ type, checked, value }: HTMLInputElement) {
  return type === 'checkbox' && !checked ? '' : value
}

/** A button that makes one call, and shows the text that it returns, or the refusal, beside itself. */
export function act (label: string, call: () => Promise<unknown>): HTMLElement {
  const said = h('output')
  const button = h('button', { className: 'quiet', type: 'button', onclick: send }, label)
  return h('div', {}, button, said)

  async function send () {
    button.disabled = true
    said.replaceChildren()
    said.className = ''
    try {
      const text = await call()
      if (typeof text === 'string') said.append(text)
    } catch (error) {
      said.className = 'error'
      said.append(explain(error))
    }
    button.disabled = false
  }
}
