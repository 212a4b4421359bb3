import type { Transaction } from '../stores/database.ts'

export type SpentChallengeStore = ReturnType<typeof createSpentChallengeStore>

/** The challenges that were answered. Rows are kept until no node accepts the challenge any more. */
export function createSpentChallengeStore () {
  return { spend }

  /** Uses a challenge up. False if that has been done. */
  async function spend (tx: Transaction, { nonce, expiresAt }: { nonce: Buffer, expiresAt: Date }): Promise<boolean> {
    const spent = await tx`
      insert into spent_challenges (nonce, expires_at)
      values (${nonce}, ${expiresAt})
      on conflict (nonce) do nothing
      returning nonce`
    return spent.length === 1
  }
}
