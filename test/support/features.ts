import fp from 'fastify-plugin'

/**
 * Stands in for features on which a plugin depends. The test itself decorates or registers what the plugin uses of
 * them.
 */
export function standIn (...names: string[]) {
  return fp(async app => {
    for (const name of names) await app.register(fp(async () => {}, { name }))
  })
}
