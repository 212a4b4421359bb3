/** What of a request its line is made of. */
interface Exchange { readonly elapsedTime: number, readonly log: Log, readonly request: object }
interface Log { info (fields: object, message: string): void, error (fields: object, message: string): void }

/** What the framework calls for its lines about requests. */
interface RequestLog {
  incomingRequest (request: object, reply: object): void
  requestCompleted (error: Error | null | undefined, request: object, reply: Exchange): void
}

/** One line a request, when it is over and says how it went, instead of two of which one repeats the other. */
export function logOnce<T extends RequestLog> (controller: T): T {
  return Object.assign(controller, { incomingRequest () {}, requestCompleted })
}

function requestCompleted (error: Error | null | undefined, request: object, reply: Exchange) {
  const fields = { req: request, res: reply, responseTime: reply.elapsedTime }

  if (error) reply.log.error({ ...fields, err: error }, 'request errored')
  else reply.log.info(fields, 'request completed')
}
