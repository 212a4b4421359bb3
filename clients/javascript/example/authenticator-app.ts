import { card, h } from './elements.ts'
import { act, form } from './form.ts'
import { appCode } from './second-step.ts'
import type { Part } from './part.ts'
import { qrCode } from './qr-code.ts'

/** The authenticator app: add one, by its secret and the first code, or remove it. */
export function app ({ latchkey, factors: { totp }, changed }: Part): HTMLElement {
  const section = card('Authenticator app',
    h('p', {}, totp ? `Added ${new Date(totp.created_at).toLocaleDateString()}.` : 'Codes of an app on your phone, as a second step.'),
    h('div', { className: 'buttons' },
      act(totp ? 'Replace the app' : 'Add an app', begin),
      totp ? act('Remove the app', async () => { await latchkey.removeTotp(); await changed() }) : ''))
  return section

  async function begin () {
    const { id, secret, uri } = await latchkey.addTotp()
    const groups = secret.match(/.{1,4}/g) ?? []
    section.replaceChildren(
      h('h2', {}, 'Add an authenticator app'),
      h('p', {}, 'Scan this picture with the app, or ', h('a', { href: uri }, 'open the app on this device'), '.'),
      qrCode(uri, 'QR code for the authenticator app'),
      h('p', {}, 'Or enter this secret in the app:'),
      h('p', {}, h('code', {}, groups.join(' '))),
      form({
        fields: [{ ...appCode, label: 'First code' }],
        action: 'Confirm the app',
        submit: async ({ code = '' }) => {
          const answer = await latchkey.confirmTotp({ id, code })
          await changed('recovery_codes' in answer ? answer.recovery_codes : undefined)
        }
      }),
      act('Cancel', () => changed()))
  }
}
