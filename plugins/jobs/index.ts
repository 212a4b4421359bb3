import fp from 'fastify-plugin'
import jobsPlugin from './jobs.ts'

export default fp(async function jobsFeature (app) {
  await app.register(jobsPlugin)
}, { name: 'jobs' })
