import { card, h } from './elements.ts'
import { act, form } from './form.ts'
import type { Part } from './part.ts'
import { newPassword } from './signed-out.ts'

/** The password: change it, or give it up where passkeys sign in. */
export function password ({ latchkey, factors, changed }: Part): HTMLElement {
  if (!factors.password) {
    return card('Password', h('p', {}, 'You have none: your passkeys sign you in. “Forgotten password” sets one again.'))
  }
  return card('Password',
    form({
      fields: [
        { name: 'current_password', label: 'Current password', type: 'password', autocomplete: 'current-password' },
        { ...newPassword, name: 'new_password' }
      ],
      action: 'Change password',
      submit: async ({ current_password: current = '', new_password: next = '' }) => {
        await latchkey.changePassword({ current_password: current, new_password: next })
        return 'Changed. Every other session has ended.'
      }
    }),
    factors.passkeys.length === 0
      ? ''
      : act('Give up the password', async () => { await latchkey.removePassword(); await changed() }))
}
