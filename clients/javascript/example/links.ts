import { isRefusal } from '../src/index.ts'
import type { Latchkey } from '../src/index.ts'
import { card, h, turnTo } from './elements.ts'
import { act, form } from './form.ts'
import { back, email, newPassword } from './signed-out.ts'

type Page = (latchkey: Latchkey, token: string) => HTMLElement

const restored = 'Done. All sessions have ended, and the old password no longer works: a mail brings a link to choose a new one.'

/** The pages that links in mails open, by their path below APP_URL. Nothing is done until somebody presses a button. */
const pages: Record<string, Page> = {
  '/reset-password': setPassword,
  '/accept-invitation': setPassword,
  '/reset-second-factors': resetFactors,
  '/confirm-email': confirm('Confirm the new address', 'Done.', (latchkey, token) => latchkey.confirmEmail({ token })),
  '/undo-email-change': confirm('Keep the old address', restored, (latchkey, token) => latchkey.undoEmailChange({ token }))
}

/** The page of a mailed link, if this is one. The token leaves the address bar and the history at once. */
export function pageOfLink (base: string): ((latchkey: Latchkey) => HTMLElement) | undefined {
  const page = pages[location.pathname.slice(base.length)]
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (!page || token === null) return undefined

  history.replaceState(null, '', location.pathname)
  return latchkey => page(latchkey, token)
}

function setPassword (latchkey: Latchkey, token: string) {
  const section = card('Choose a new password',
    form({
      fields: [{ ...newPassword, name: 'new_password' }],
      action: 'Set password',
      submit: async ({ new_password: password = '' }) => {
        await latchkey.resetPassword({ token, new_password: password })
        turnTo(section, card('Done', h('p', {}, 'The new password holds. All sessions have ended.'), back()))
      }
    }),
    back())
  return section
}

/** The link counts together with the password. In the session that they open a new factor is added. */
function resetFactors (latchkey: Latchkey, token: string) {
  return card('Lost your second factor?',
    h('p', {}, 'Sign in with your password, then add a new passkey or authenticator app. The old ones no longer work then.'),
    form({
      fields: [email, { name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password' }],
      action: 'Sign in',
      submit: async ({ email = '', password = '' }) => {
        await latchkey.signIn({ email, password }).catch(error => {
          if (!isRefusal(error) || error.code !== 'mfa_required') throw error
        })
        await latchkey.loginSecondFactor({ reset_token: token })
      }
    }),
    back())
}

function confirm (title: string, outcome: string, call: (latchkey: Latchkey, token: string) => Promise<unknown>): Page {
  return (latchkey, token) => {
    const done = () => section.replaceChildren(outcome, back())
    const section = card(title, act(title, async () => { await call(latchkey, token); done() }), back())
    return section
  }
}
