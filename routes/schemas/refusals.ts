import type { RefusalCode } from '../../lib/errors.ts'

/**
 * What an operation itself may refuse with, for the `refusals` of its schema. The codes of hooks and guards are not
 * listed: each hook and guard adds its own.
 */
export const codes = (...own: RefusalCode[]): readonly RefusalCode[] => own
