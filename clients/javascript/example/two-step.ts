import { card, h } from './elements.ts'
import { act } from './form.ts'
import type { Part } from './part.ts'

/** Whether the password alone signs in. */
export function twoStep ({ latchkey, factors, changed }: Part): HTMLElement {
  const { two_step: isOn, required, remembered_devices: remembered, totp, passkeys } = factors
  if (!totp && passkeys.length === 0) return h('div')

  const devices = remembered === 0 ? '' : ` ${remembered} of your devices ${remembered === 1 ? 'is' : 'are'} not asked for a while.`
  return card('Two steps',
    h('p', {}, (isOn || required ? 'The password alone does not sign in.' : 'The password alone signs in.') + devices),
    act(isOn ? 'Switch off' : 'Ask for a second step', async () => {
      await latchkey.setTwoStep({ enabled: !isOn })
      await changed()
    }))
}
