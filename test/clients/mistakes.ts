// No marked line may compile; a mark on a line without an error is an error itself.
import { createLatchkey } from '../../clients/typescript/index.ts'
import type { LatchkeyError, Tokens } from '../../clients/typescript/index.ts'

export async function mistaken () {
  const client = createLatchkey({ baseUrl: 'http://localhost' })

  // @ts-expect-error an unknown field
  await client.register({ email: 'ada@example.com', password: '…', full_name: 'Ada King', role: 'admin' })
  // @ts-expect-error a field of another type
  await client.login({ email: 'ada@example.com', password: 1843 })
  // @ts-expect-error a missing field
  await client.verifyEmail({ code: '012345' })
  // @ts-expect-error a value that is not in the list
  await client.logout({ scope: 'all' })
  // @ts-expect-error a missing body
  await client.refresh()
}

// @ts-expect-error a field that this answer does not have
export const hashOf = ({ user }: Tokens) => user.password_hash
// @ts-expect-error an answer that may be null
export const lengthOf = ({ user }: Tokens) => user.vendor_id.length
// @ts-expect-error an unknown code of a refusal
export const isWrong = (error: LatchkeyError) => error.code === 'wrong_password'
