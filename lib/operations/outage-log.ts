interface Log { warn (fields: object, message: string): void, info (fields: object, message: string): void }

/** Says once when something that is not needed for requests begins to fail, and once when it works again. */
export function createOutageLog (log: Log, name: string) {
  let isAway = false

  return { note }

  /** @param error what an attempt failed with; null if it succeeded */
  function note (error: unknown) {
    if (error === null && isAway) log.info({}, `${name} are sent again`)
    else if (error !== null && !isAway) log.warn({ err: error }, `${name} cannot be sent`)
    isAway = error !== null
  }
}
