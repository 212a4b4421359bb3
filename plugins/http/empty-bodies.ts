import fp from 'fastify-plugin'
import type { Readable } from 'node:stream'

/**
 * Makes an empty body no body, whatever its content type: clients name a type although they send nothing
 * (`fetch(url, { method: 'POST', body: '' })` sends `text/plain`, `curl -d ''` a form).
 */
export default fp(async function dropEmptyBodies (app) {
  app.addHook('preParsing', ({ headers }, _reply, payload, done) => {
    if (headers['transfer-encoding'] === undefined) {
      if (Number(headers['content-length'] ?? 0) === 0) dropBody(headers)
      return done()
    }
    // Only the end of a chunked body tells whether it is empty.
    readStart(payload, isEmpty => {
      if (isEmpty) dropBody(headers)
      done()
    })
  })
}, { name: 'empty-bodies' })

/** Removes the headers that describe a body. The framework then looks for none. */
function dropBody (headers: Record<string, unknown>) {
  for (const name of ['content-type', 'content-encoding', 'content-length', 'transfer-encoding']) delete headers[name]
}

/** Tells whether a stream ends without a byte. It can be read from its beginning afterwards. */
function readStart (stream: Readable, tell: (isEmpty: boolean) => void) {
  stream.on('readable', look).once('end', endEmpty).once('close', stop)

  function look () {
    const chunk: unknown = stream.read()
    if (chunk === null) return
    stream.unshift(chunk)
    stop()
  }

  function endEmpty () { leave(true) }
  function stop () { leave(false) }

  function leave (isEmpty: boolean) {
    stream.off('readable', look).off('end', endEmpty).off('close', stop)
    // The stream needs a turn to forget that it was read by hand.
    setImmediate(tell, isEmpty)
  }
}
