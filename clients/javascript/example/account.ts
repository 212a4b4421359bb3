import type { AnswerOf, Latchkey, SignedIn } from '../src/index.ts'
import { card, h } from './elements.ts'
import { explain } from './explain.ts'
import { act, form } from './form.ts'
import { security } from './security.ts'

type Listed = AnswerOf<'listSessions'>['sessions'][number]

/** The page of somebody who is signed in. */
export function account (latchkey: Latchkey, { user }: SignedIn): HTMLElement {
  const title = h('h1', {}, `Hello, ${user.full_name}`)

  return h('div', {},
    title,
    card('Profile',
      h('p', {}, user.email),
      form({
        fields: [{ name: 'full_name', label: 'Name', value: user.full_name, autocomplete: 'name' }],
        action: 'Save',
        submit: async ({ full_name: name = '' }) => {
          await latchkey.updateMe({ full_name: name })
          title.textContent = `Hello, ${name}`
          return 'Saved.'
        }
      })),
    card('Signed in on', sessions(latchkey)),
    security(latchkey),
    h('div', { className: 'buttons' },
      act('Sign out', () => latchkey.signOut()),
      act('Sign out everywhere', () => latchkey.signOut({ scope: 'everywhere' }))))
}

function sessions (latchkey: Latchkey) {
  const list = h('ul')
  load()
  return list

  async function load () {
    try {
      const { sessions } = await latchkey.listSessions()
      list.replaceChildren(...sessions.map(item))
    } catch (error) {
      list.replaceChildren(explain(error))
    }
  }

  function item (session: Listed) {
    const { id, current, device_name: device, user_agent: agent, ip, last_seen_at: seen } = session
    const where = h('small', {}, `${ip ?? ''} · ${new Date(seen).toLocaleString()}`)
    const end = act('End', async () => {
      await latchkey.endSession({ id })
      await load()
    })
    const mark = h('small', { className: 'this' }, 'this one')
    return h('li', {}, h('span', {}, device ?? agent ?? 'A device', where), current ? mark : end)
  }
}
