import fp from 'fastify-plugin'

/** Stands in for features that a plugin depends upon. What it uses of them, the test decorates or registers. */
export function standIn (...names: string[]) {
  return fp(async app => {
    for (const name of names) await app.register(fp(async () => {}, { name }))
  })
}
