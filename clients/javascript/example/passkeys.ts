import { registerPasskey } from '../src/passkeys.ts'
import { deviceName } from './device-name.ts'
import { card, h } from './elements.ts'
import { act, form } from './form.ts'
import type { Part } from './part.ts'

type Passkey = Part['factors']['passkeys'][number]

/** The passkeys and security keys: add, rename, remove. */
export function passkeys ({ latchkey, factors, changed }: Part): HTMLElement {
  return card('Passkeys',
    h('ul', {}, ...factors.passkeys.map(item)),
    h('p', {}, factors.passkeys.length === 0 ? 'Sign in with your fingerprint, your face or a PIN, without a password.' : ''),
    h('div', { className: 'buttons' },
      act('Add a passkey', () => add('passkey')), act('Add a security key', () => add('security_key'))))

  async function add (kind: 'passkey' | 'security_key') {
    const answer = await registerPasskey(latchkey, { name: deviceName(), kind })
    await changed('recovery_codes' in answer ? answer.recovery_codes : undefined)
  }

  function item ({ id, name, created_at: since, backed_up: isBackedUp, user_verified: signsIn }: Passkey) {
    const about = `${signsIn ? isBackedUp ? 'backed up' : 'on one device' : 'second step only'} · since ${new Date(since).toLocaleDateString()}`
    const remove = act('Remove', async () => { await latchkey.removePasskey({ id }); await changed() })
    const rename = h('details', {}, h('summary', {}, 'Rename'), form({
      fields: [{ name: 'name', label: 'Name', value: name, autocomplete: 'off' }],
      action: 'Rename',
      submit: async ({ name = '' }) => { await latchkey.renamePasskey({ id, name }); await changed() }
    }))
    return h('li', {}, h('span', {}, name, h('small', {}, about), rename), remove)
  }
}
