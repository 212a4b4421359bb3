// Made once for a process, because it takes a while and is the same for everybody.
import { commonPasswords, commonWords } from './word-lists.ts'
import { createRanks } from './word-ranks.ts'

/** How common a password is, in lower case. */
export const passwordRank = createRanks(commonPasswords)

/** How common an English word or name is, in lower case. */
export const wordRank = createRanks(commonWords)
