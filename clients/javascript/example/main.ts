// A single-page application on @latchkey/client: sign-up, sign-in, second factors, passkeys, profile and sessions.
import { createLatchkey } from '../src/index.ts'
import type { Session } from '../src/index.ts'
import { account } from './account.ts'
import { h, turnTo } from './elements.ts'
import { pageOfLink } from './links.ts'
import { askProof } from './prove.ts'
import { signedOut } from './signed-out.ts'

/** Where the application lives: the deployment's APP_URL ends with it. */
const base = '/example'

const latchkey = createLatchkey({ baseUrl: location.origin, onReauthenticationRequired: askProof(() => latchkey) })
const link = pageOfLink(base)
let shown = ''

latchkey.subscribe(show)
addEventListener('hashchange', () => show(latchkey.session))
await latchkey.start()
show(latchkey.session)

/** Shows the page for the session. The same page stays as it is, with what has been typed into it. */
function show (session: Session) {
  const page = session.status === 'signed_in' ? session.sessionId : `${session.status} ${location.hash}`
  if (page === shown) return
  const isFirst = shown === ''
  shown = page
  const next = pageFor(session)
  const main = document.querySelector('main')
  // A page that was opened just now leaves the keyboard at its beginning.
  if (isFirst) main?.replaceChildren(next)
  else turnTo(main?.firstElementChild ?? undefined, next)
}

function pageFor (session: Session) {
  if (session.status === 'unknown') return h('p', {}, 'One moment …')
  if (link && !isFinished(session)) return link(latchkey)
  if (session.status === 'signed_in') return account(latchkey, session)
  return signedOut(latchkey, location.hash)
}

/** Whether the link of a mail has led to a session of its own. */
function isFinished (session: Session) {
  return location.pathname.endsWith('/reset-second-factors') && session.status === 'signed_in'
}
