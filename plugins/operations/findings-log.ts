import fp from 'fastify-plugin'
import { examine } from '../../lib/doctor/examination.ts'

/**
 * Says once in the log what `latchkey doctor` would find in the stores and the mail server of this node. It happens in
 * the background while the server listens already: nothing waits for it, and nothing that it finds ends the node.
 */
export default fp(async function logFindings (app) {
  let isClosing = false

  app.addHook('onListen', async () => { look().catch(() => {}) })
  app.addHook('preClose', async () => { isClosing = true })

  async function look () {
    const findings = await examine(app.examinations)
    if (isClosing) return
    for (const { code, message, ...rest } of findings) {
      // The log hides whatever is called `code`: it could be a secret one.
      app.log[rest.severity === 'info' ? 'info' : 'warn']({ finding: code, ...rest }, message)
    }
  }
}, { name: 'findings-log', decorators: { fastify: ['examinations'] } })
