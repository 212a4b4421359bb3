// A service that lists orders. It verifies access tokens itself and follows what has ended.
//   LATCHKEY_ISSUER=https://auth.example.com LATCHKEY_ID=… LATCHKEY_SECRET=… PORT=8080 node orders.js
import jwt from '@fastify/jwt'
import Fastify from 'fastify'
import { createVerifier } from '@latchkey/verifier'
import { jwtOptions, latchkeyFastify } from '@latchkey/verifier/fastify'

const { LATCHKEY_ISSUER, LATCHKEY_URL = LATCHKEY_ISSUER, LATCHKEY_ID, LATCHKEY_SECRET, PORT = '8080' } = process.env
const app = Fastify()
const verifier = createVerifier({
  issuer: LATCHKEY_ISSUER,
  baseUrl: LATCHKEY_URL,
  feed: { id: LATCHKEY_ID, secret: LATCHKEY_SECRET },
  warn: error => app.log.warn(error, 'the feed of Latchkey')
})

await verifier.start()
app.addHook('onClose', verifier.close)
await app.register(jwt, jwtOptions(verifier))

app.get('/orders', { onRequest: latchkeyFastify({ verifier }) }, async ({ user }) => {
  return { orders: [`an order of ${user.userId}`] }
})
app.get('/accounts', { onRequest: latchkeyFastify({ verifier, roles: ['accountant'], maxAge: 600 }) }, async () => {
  return { accounts: [] }
})

for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => app.close())
console.log(await app.listen({ port: Number(PORT), host: '127.0.0.1' }))
