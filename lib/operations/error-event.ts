import { fileURLToPath } from 'node:url'
import { scrub } from './scrub.ts'

/** What is known of the work in which an error happened. Nothing of it comes from a client, except the request's id. */
export interface ErrorPlace {
  /** `POST /api/v1/auth/login` with the pattern of the route, `job mail`, or `process`. */
  where: string
  requestId?: string
  traceId?: string | undefined
  spanId?: string | undefined
  /** The values that the client has sent, which are taken out of messages. */
  sent?: Iterable<string>
  /** Whether the process ends because of it. */
  isFatal?: boolean
}

/** A place in a stack, as Sentry calls its parts. */
export interface Frame { filename?: string, function?: string, lineno?: number, colno?: number, in_app?: boolean }

/** An error as Sentry has it. */
interface Exception {
  type: string
  value: string
  stacktrace?: { frames: Frame[] }
  mechanism: { type: string, handled: boolean }
}

/** Reads the lines of a stack. The first is the outermost call. */
export type ReadStack = (stack: string) => Frame[]

/** How many causes of an error are reported. */
const causesMax = 4

/**
 * An error as an event of Sentry: its name, code, message and stack, and those of its causes. Its other properties are
 * left out, because they may be personal data.
 */
export function errorEvent (error: unknown, place: ErrorPlace, readStack: ReadStack) {
  const { where, requestId, traceId, spanId, sent, isFatal = false } = place

  return {
    platform: 'node' as const,
    level: isFatal ? 'fatal' as const : 'error' as const,
    transaction: where,
    tags: { ...(requestId !== undefined && { request_id: requestId }) },
    contexts: traceId !== undefined && spanId !== undefined ? { trace: { trace_id: traceId, span_id: spanId } } : {},
    exception: { values: exceptionsOf(error, { readStack, sent: [...sent ?? []], isFatal }) }
  }
}

interface Telling { readStack: ReadStack, sent: string[], isFatal: boolean }

/** The cause first, as Sentry wants it. */
function exceptionsOf (error: unknown, telling: Telling, depth = 0): Exception[] {
  const hasCause = error instanceof Error && error.cause !== undefined && depth < causesMax
  const causes = hasCause ? exceptionsOf(error.cause, telling, depth + 1) : []
  return [...causes, exceptionOf(error, telling)]
}

function exceptionOf (error: unknown, { readStack, sent, isFatal }: Telling): Exception {
  const mechanism = { type: 'generic', handled: !isFatal }
  if (!(error instanceof Error)) return { type: 'Thrown', value: `a ${typeof error} was thrown`, mechanism }

  const code = 'code' in error && /^\w{1,64}$/.test(String(error.code)) ? `${String(error.code)}: ` : ''
  const frames = readStack(placesOf(error)).map(frame => ({ ...frame, filename: withoutFolder(frame.filename) }))
  return { type: scrub(error.name, sent), value: code + scrub(error.message, sent), stacktrace: { frames }, mechanism }
}

/** The stack without the message, whose lines could look like places. */
function placesOf ({ stack = '', message }: Error): string {
  const at = message === '' ? -1 : stack.indexOf(message)
  return (at < 0 ? stack : stack.slice(at + message.length)).split('\n').filter(line => /^\s+at /.test(line)).join('\n')
}

const root = fileURLToPath(new URL('../../', import.meta.url))

/** The path within this program, because the folder that it is installed in may name a person. */
function withoutFolder (file = ''): string {
  const path = file.replace(/^file:\/\//, '')
  if (path.includes('/node_modules/')) return path.replace(/^.*\/(?=node_modules\/)/, '')
  return path.startsWith(root) ? path.slice(root.length) : path.split('/').slice(-2).join('/')
}
