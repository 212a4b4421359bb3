import { isRefusal } from '../src/index.ts'
import type { InputOf, Latchkey } from '../src/index.ts'
import { completeWithPasskey } from '../src/passkeys.ts'
import { deviceName } from './device-name.ts'
import { card, h } from './elements.ts'
import { act, form } from './form.ts'
import type { Field } from './form.ts'

export const appCode: Field = {
  name: 'code', label: 'Code of the authenticator app', inputMode: 'numeric', autocomplete: 'one-time-code'
}
export const recoveryCode: Field = { name: 'recovery_code', label: 'Recovery code', autocomplete: 'off' }
const remember: Field = {
  name: 'remember', label: 'Do not ask on this device for a while', type: 'checkbox', autocomplete: 'off'
}

/** Shows the second step if the password was right and more is needed; throws every other error. */
export function orSecondStep (latchkey: Latchkey, show: (page: HTMLElement) => void) {
  return (error: unknown) => {
    if (!isRefusal(error) || error.code !== 'mfa_required') throw error
    show(secondStep(latchkey, error.methods ?? []))
  }
}

/** The second step of a sign-in, by whatever the account has. What the first one has proved is in a cookie. */
function secondStep (latchkey: Latchkey, methods: string[]): HTMLElement {
  return card('One more step',
    methods.includes('passkey') ? act('Use a passkey', () => completeWithPasskey(latchkey, device())) : '',
    methods.includes('totp') ? byCode(latchkey, appCode, 'Go on') : '',
    methods.includes('recovery_code')
      ? h('details', {}, h('summary', {}, 'Without the device'), byCode(latchkey, recoveryCode, 'Use the recovery code'))
      : '',
    h('p', {}, h('a', { href: '/example' }, 'Back to sign-in')))
}

function byCode (latchkey: Latchkey, field: Field, action: string) {
  return form({
    fields: [field, remember],
    action,
    submit: async ({ code, recovery_code: recovery = '', remember }) => {
      const wishes = { ...device(), ...(remember && { remember_device: true }) }
      const proof = code === undefined ? { recovery_code: recovery } : { code }
      await latchkey.loginSecondFactor({ ...proof, ...wishes } satisfies InputOf<'loginSecondFactor'>)
    }
  })
}

function device () {
  return { device_name: deviceName() }
}
