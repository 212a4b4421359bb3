import fp from 'fastify-plugin'
import vendors from './vendors.ts'

export default fp(async function organisationsFeature (app) {
  await app.register(vendors)
}, { name: 'organisations' })
