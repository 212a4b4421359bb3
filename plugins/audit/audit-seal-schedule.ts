import fp from 'fastify-plugin'

/** Has the nodes that listen seal the audit trail, one at a time. */
export default fp(async function scheduleAuditSeals (app) {
  app.addHook('onListen', async () => app.auditSeals.start())
}, { name: 'audit-seal-schedule', dependencies: ['audit-seals'] })
