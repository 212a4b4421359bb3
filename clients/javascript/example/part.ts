import type { AnswerOf, Latchkey } from '../src/index.ts'

/** What a card about the sign-in is made of. */
export interface Part {
  latchkey: Latchkey
  factors: AnswerOf<'listSecondFactors'>
  /** Shows the cards anew, with recovery codes that were made just now. */
  changed: (codes?: string[]) => Promise<void>
}
