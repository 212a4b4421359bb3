/** What the line of a request is made of. */
interface Exchange { readonly elapsedTime: number, readonly log: Log, readonly request: object }
interface Log { info (fields: object, message: string): void, error (fields: object, message: string): void }

/** What the framework calls to log requests. */
interface RequestLog {
  incomingRequest (request: object, reply: object): void
  requestCompleted (error: Error | null | undefined, request: object, reply: Exchange): void
}

/** Logs a request once, when it is over, instead of twice: at its beginning and at its end. */
export function logOnce<T extends RequestLog> (controller: T): T {
  return Object.assign(controller, { incomingRequest () {}, requestCompleted })
}

function requestCompleted (error: Error | null | undefined, request: object, reply: Exchange) {
  const fields = { req: request, res: reply, responseTime: reply.elapsedTime }

  if (error) reply.log.error({ ...fields, err: error }, 'request errored')
  else reply.log.info(fields, 'request completed')
}

/** Logs a request that the framework never calls completed: its connection was closed before the answer was out. */
export function logCutOff (request: object, { elapsedTime, log }: Omit<Exchange, 'request'>, statusCode: number) {
  log.info({ req: request, res: { statusCode }, responseTime: elapsedTime }, 'request cut off')
}
