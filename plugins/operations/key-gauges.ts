import fp from 'fastify-plugin'

/** Gauges of the key that signs access tokens. */
export default fp(async function showKeys (app) {
  const { metrics, health, keyring } = app

  metrics.gauge('latchkey_keys_up', 'Whether this node can sign and verify tokens.', () => {
    return Number(health.isUp('keys') === true)
  })
  metrics.gauge('latchkey_signing_key_activated_timestamp_seconds', 'When the key that signs began to.', () => {
    return turn().activatedAt / 1000
  })
  metrics.gauge('latchkey_signing_key_rotation_timestamp_seconds', 'When the next key begins to sign.', () => {
    return turn().rotatesAt / 1000
  })

  /** Without a key that signs there is nothing to show. */
  function turn () {
    if (!keyring.turn) throw new Error('there is no key that signs')
    return keyring.turn
  }
}, { name: 'key-gauges', dependencies: ['monitoring', 'keys'] })
