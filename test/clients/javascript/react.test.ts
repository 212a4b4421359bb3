import { buildSync } from 'esbuild'
import { createRequire } from 'node:module'
import t from 'tap'
import type { Session } from '../../../clients/javascript/src/index.ts'
import type { useSession as UseSession } from '../../../clients/javascript/src/react.ts'

// React is here because tap depends on it; it brings no types. The hook must use the same copy as the renderer.
const require = createRequire(import.meta.url)
const { createElement } = require('react')
const { renderToString } = require('react-dom/server')

t.test('a component shows the session', async t => {
  const useSession = loadHook()
  const shown = (session: Session) => renderToString(createElement(() => {
    const { status } = useSession({ session, subscribe: () => () => {} })
    return createElement('b', null, status)
  }))

  t.equal(shown({ status: 'unknown' }), '<b>unknown</b>')
  t.equal(shown({ status: 'signed_out' }), '<b>signed_out</b>')
})

function loadHook (): typeof UseSession {
  const { outputFiles: [built] } = buildSync({
    entryPoints: ['clients/javascript/src/react.ts'], bundle: true, format: 'cjs', external: ['react'], write: false
  })
  const module = { exports: {} as { useSession: typeof UseSession } }
  // eslint-disable-next-line no-new-func
  new Function('require', 'module', built?.text ?? '')(require, module)
  return module.exports.useSession
}
