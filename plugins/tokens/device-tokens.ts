import fp from 'fastify-plugin'
import { createDeviceTokens } from '../../lib/tokens/device-tokens.ts'
import { purposes } from '../../lib/crypto/purposes.ts'
import type { DeviceTokens } from '../../lib/tokens/device-tokens.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly deviceTokens: DeviceTokens }
}

export default fp<{ issuer: string }>(async function sealDevices (app, { issuer }) {
  app.decorate('deviceTokens', createDeviceTokens(app.secrets.derive(purposes.deviceTokens(issuer))))
}, { name: 'device-tokens', dependencies: ['secrets'] })
