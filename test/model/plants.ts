/** Mistakes that the model can be told to make. Each must be found; without one nothing may be found. */
export const plants = [
  'the floor is the new generation',
  'the floor is not looked at',
  'Redis is asked before Postgres',
  'the feed goes on by seq',
  'the feed starts at its end',
  'the epochs of an access token are read again',
  'a fast-forward forgets its moment',
  'a replay is issued anew',
  'put back at the floor without a token',
  'a record below the floor is believed',
  'a session is ended in Redis only',
  'a rotation moves the absolute end',
  'the exception of a raise is not told',
  'the exception of a raise is somebody else',
  'a raise lifts every session',
  'the writer does not tell itself',
  'a node that has not read answers',
  'a node forgets too early',
  'any token resumes',
  'a burnt generation is forgiven within the grace',
  'a confirmation is ignored',
  'a rotation does not confirm',
  'a rotation without a token forgets who may resume',
  'a resumed token is not forgiven again',
  'a request from before a proof of the password resumes',
  'a session that is resumed twice has two successors',
  'the next rotation forgets what is burnt',
  'a burnt access token is overlooked',
  'the floor rises above the parent'
] as const

export type Plant = typeof plants[number]
export type Plants = ReadonlySet<Plant>
