import type { Latchkey, Session } from '../src/index.ts'
import { signInWithPasskey } from '../src/passkeys.ts'
import { deviceName } from './device-name.ts'
import { card, h, turnTo } from './elements.ts'
import { explainEnd } from './explain.ts'
import { act, form } from './form.ts'
import type { Field } from './form.ts'
import { offerPasskeys } from './passkey-offer.ts'
import { orSecondStep } from './second-step.ts'

export const email: Field = { name: 'email', label: 'E-mail', type: 'email', autocomplete: 'username webauthn' }
export const newPassword = { label: 'New password', type: 'password', minLength: 8, autocomplete: 'new-password' } as const

/** The sign-up that waits for its code. It lives as long as the tab, so that a reload does not lose it. */
const pending = {
  get id () { return sessionStorage.getItem('registration') ?? '' },
  set id (id: string) { sessionStorage.setItem('registration', id) }
}

/** The page of somebody who is not signed in, by the fragment of its address. */
export function signedOut (latchkey: Latchkey, fragment: string): HTMLElement {
  switch (fragment) {
    case '#sign-up': return signUp(latchkey)
    case '#code': return code(latchkey)
    case '#forgotten': return forgotten(latchkey)
    case '#confirmed': return signIn(latchkey, 'Your address is confirmed. Please sign in.')
    default: return signIn(latchkey, endOf(latchkey.session))
  }
}

function signIn (latchkey: Latchkey, notice: string) {
  const offer = offerPasskeys(latchkey)
  const section = card('Sign in',
    h('p', { className: 'notice' }, notice),
    form({
      fields: [email, { name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password' }],
      action: 'Sign in',
      submit: async ({ email = '', password = '' }) => {
        offer.abort()
        await latchkey.signIn({ email, password, device_name: deviceName() })
          .catch(orSecondStep(latchkey, page => turnTo(section, page)))
      }
    }),
    act('Sign in with a passkey', async () => {
      offer.abort()
      await signInWithPasskey(latchkey)
    }),
    h('p', {}, h('a', { href: '#forgotten' }, 'Forgotten password'), ' · ', h('a', { href: '#sign-up' }, 'Sign up')))
  return section
}

function signUp (latchkey: Latchkey) {
  return card('Sign up',
    form({
      fields: [
        { name: 'full_name', label: 'Name', autocomplete: 'name' },
        email,
        { ...newPassword, name: 'password', label: 'Password' }
      ],
      action: 'Sign up',
      submit: async ({ full_name: name = '', email = '', password = '' }) => {
        const answer = await latchkey.register({ full_name: name, email, password })
        if (!('registration_id' in answer)) return 'You can sign in now.'
        pending.id = answer.registration_id
        location.hash = '#code'
      }
    }),
    back())
}

function code (latchkey: Latchkey) {
  return card('Confirm your address',
    h('p', {}, 'We have sent you a mail with a code. In development mails are in the terminal and in .data/mails.'),
    form({
      fields: [{ name: 'code', label: 'Code', inputMode: 'numeric', pattern: '[0-9]{6}', autocomplete: 'one-time-code' }],
      action: 'Confirm',
      submit: async ({ code = '' }) => {
        await latchkey.verifyEmail({ registration_id: pending.id, code })
        location.hash = '#confirmed'
      }
    }),
    act('Send another code', async () => {
      await latchkey.resendCode({ registration_id: pending.id })
      return 'Another code is on its way.'
    }),
    back())
}

function forgotten (latchkey: Latchkey) {
  return card('Forgotten password',
    form({
      fields: [email],
      action: 'Send a link',
      submit: async ({ email = '' }) => {
        await latchkey.forgotPassword({ email })
        return 'If there is an account with this address, a mail with a link is on its way.'
      }
    }),
    back())
}

function endOf (session: Session) {
  return session.status === 'signed_out' ? explainEnd(session.reason) : ''
}

export function back (): HTMLElement {
  return h('p', {}, h('a', { href: '/example' }, 'Back to sign-in'))
}
