import fp from 'fastify-plugin'
import type { FeatureOptions } from '../feature.ts'
import breachedPasswords from './breached-passwords.ts'
import hashThreads from './hash-threads.ts'
import loadHasher from './hasher.ts'
import passwordPolicy from './password-policy.ts'
import passwordsPlugin from './passwords.ts'

export default fp<FeatureOptions>(async function passwordsFeature (app, { config, clock, hasher }) {
  await app.register(hashThreads, config.passwords)
  await app.register(loadHasher, { hasher })
  await app.register(passwordsPlugin, { ...config.passwords, clock })
  await app.register(breachedPasswords, { ...config.breachedPasswords, clock })
  await app.register(passwordPolicy, config.passwords)
}, { name: 'passwords' })
