import { card, h } from './elements.ts'
import { act } from './form.ts'
import type { Part } from './part.ts'

/** The recovery codes: how many are left, and new ones, which are shown once. */
export function recoveryCodes ({ latchkey, factors, changed }: Part, made: string[] = []): HTMLElement {
  const { recovery_codes: known, totp, passkeys } = factors
  if (!totp && passkeys.length === 0) return h('div')

  return card('Recovery codes',
    h('p', {}, made.length > 0
      ? 'Keep these where you find them without your devices. They are not shown again.'
      : `${known?.left ?? 0} left. Each gets you in once, after the password.`),
    h('ul', { className: 'codes' }, ...made.map(code => h('li', {}, h('code', {}, code)))),
    act('Make new codes', async () => {
      const { recovery_codes: codes } = await latchkey.renewRecoveryCodes()
      await changed(codes)
    }))
}
