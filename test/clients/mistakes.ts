// Nothing of this may compile: each line that must not carries a mark, and a mark without an error is one itself.
import { createLatchkey } from '../../clients/typescript/index.ts'
import type { LatchkeyError, Tokens } from '../../clients/typescript/index.ts'

export async function mistaken () {
  const client = createLatchkey({ baseUrl: 'http://localhost' })

  // @ts-expect-error a field that is not there
  await client.register({ email: 'ada@example.com', password: '…', full_name: 'Ada King', role: 'admin' })
  // @ts-expect-error a field of another type
  await client.login({ email: 'ada@example.com', password: 1843 })
  // @ts-expect-error a field that is missing
  await client.verifyEmail({ code: '012345' })
  // @ts-expect-error a word that is not one of those
  await client.logout({ scope: 'all' })
  // @ts-expect-error a body that is missing
  await client.refresh()
}

// @ts-expect-error an answer that does not tell this
export const hashOf = ({ user }: Tokens) => user.password_hash
// @ts-expect-error an answer that may be null
export const lengthOf = ({ user }: Tokens) => user.vendor_id.length
// @ts-expect-error a refusal that nobody is refused with
export const isWrong = (error: LatchkeyError) => error.code === 'wrong_password'
