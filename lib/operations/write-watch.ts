export type WriteWatch = ReturnType<typeof createWriteWatch>

export interface WriteWatchParts {
  /** Reads why the store refuses writes although it answers, null while it takes them; throws if it does not answer. */
  read: () => Promise<string | null>
  /** Called when the store begins to refuse writes, with the reason, and with null when it takes them again. */
  report: (refusal: string | null) => void
}

/**
 * Knows whether a store takes writes. A store that is full or only reads answers all the same, and nobody can sign in.
 */
export function createWriteWatch ({ read, report }: WriteWatchParts) {
  let isWritable: boolean | undefined
  let isReported = false

  return {
    look,
    /** What the last look has found; undefined while the store does not answer. */
    takesWrites: () => isWritable
  }

  /** Asks the store. Throws what `read` throws. */
  async function look (): Promise<void> {
    const refusal = await read().catch(error => {
      isWritable = undefined
      throw error
    })

    isWritable = refusal === null
    if (isWritable === isReported) report(refusal)
    isReported = !isWritable
  }
}
