import type { Query, Transaction } from '../stores/database.ts'

/** A challenge that was answered, by the part of it that no other has. */
interface Answered { nonce: Buffer, expiresAt: Date }

export type SpentChallengeStore = ReturnType<typeof createSpentChallengeStore>

/** The challenges that were answered. Rows are kept until no node accepts the challenge any more. */
export function createSpentChallengeStore () {
  return { spend }

  /** Uses a challenge up. False if that has been done. */
  async function spend (tx: Transaction, challenge: Answered): Promise<boolean> {
    const spent = await tx`${spending(tx, challenge)}`
    return spent.length === 1
  }
}

/** The statement that uses a challenge up: one row if it does, none if that has been done. */
export function spending ({ fragment }: Query, { nonce, expiresAt }: Answered) {
  return fragment`
    insert into spent_challenges (nonce, expires_at)
    values (${nonce}, ${expiresAt})
    on conflict (nonce) do nothing
    returning nonce`
}
