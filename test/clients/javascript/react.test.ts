import { createRequire } from 'node:module'
import t from 'tap'
import type { Session } from '../../../clients/javascript/src/index.ts'
import { useSession } from '../../../clients/javascript/src/react.ts'

// React is here because tap depends on it; it brings no types.
const require = createRequire(import.meta.url)
const { createElement } = require('react')
const { renderToString } = require('react-dom/server')

t.test('a component shows the session', async t => {
  const shown = (session: Session) => renderToString(createElement(() => {
    const { status } = useSession({ session, subscribe: () => () => {} })
    return createElement('b', null, status)
  }))

  t.equal(shown({ status: 'unknown' }), '<b>unknown</b>')
  t.equal(shown({ status: 'signed_out' }), '<b>signed_out</b>')
})
