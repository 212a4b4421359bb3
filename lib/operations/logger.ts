import { createRequire } from 'node:module'
import type { LoggerOptions } from 'pino'
import type { Config } from '../config/config.ts'
import { currentContext } from '../context/work.ts'
import { Refusal } from '../errors.ts'

interface LoggedRequest {
  method: string
  url: string
  ip?: string
  headers: Record<string, string | string[] | undefined>
}

/**
 * Options for pino: structured JSON, one valid line for each event whatever a client sends, no secrets at any depth,
 * no query strings, and in each line the request or job that it belongs to. In development the lines are pretty-printed
 * if pino-pretty is installed.
 */
export function loggerOptions ({ level, pretty }: Config['logger']): LoggerOptions {
  const prettyPrinter = find('pino-pretty')

  return {
    level,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    mixin: (_line, _level, logger) => namesItsWork in logger ? {} : { ...currentContext()?.work.log },
    formatters: { level: label => ({ level: label }), log: object => redact(object) },
    serializers: {
      req: serializeRequest,
      res: ({ statusCode }: { statusCode: number }) => ({ statusCode }),
      err: (error: unknown) => serializeError(error)
    },
    hooks: { streamWrite: escapeControls },
    ...(pretty && prettyPrinter !== undefined
      ? {
          transport: {
            target: prettyPrinter,
            // All settings in force are 4 KB, which a terminal would show first of all.
            options: { ignore: 'pid,hostname,config', translateTime: 'HH:MM:ss.l', singleLine: true }
          }
        }
      : {})
  }
}

/** A property of loggers whose every line names the request already, because it is bound to them. */
export const namesItsWork = Symbol('namesItsWork')

/** Whether a URL is one of the probes of a load balancer, which are not logged one by one. */
export const isProbe = (url: string | undefined) => url !== undefined && /^\/(health|metrics)(\/|\?|$)/.test(url)

const secretNames = /^(proxy-)?authorization$|^(set-)?cookie$|^x-api-key$|password|passwd|secret|^[a-z_]*token$|(^|_)code$|(^|_)otp$/i

/** A copy without values whose names are those of secrets. Only plain objects are entered; others have serializers. */
function redact (object: Record<string, unknown>, depth = 0): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => {
    if (isPlain(value)) return [name, depth < 8 ? redact(value, depth + 1) : '[deep]']
    return [name, secretNames.test(name) && value != null ? '[redacted]' : value]
  }))
}

function isPlain (value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function serializeRequest ({ method, url, ip, headers }: LoggedRequest) {
  return { method, url: withoutQuery(url), ip, user_agent: String(headers['user-agent'] ?? '').slice(0, 256) }
}

const withoutQuery = (url: string) => (/^[^?#;]*/.exec(url)?.[0] ?? '').slice(0, 512)

/**
 * The name, the message, the code and the stack of an error and of its causes. Its other properties are left out,
 * because they may be personal data. Refusals other than `internal_error` are expected, and so are their causes: they
 * come by the thousand while a store is away, and their stacks say nothing new.
 */
function serializeError (error: unknown, depth = 0, isExpected = isExpectedRefusal(error)): unknown {
  if (!(error instanceof Error)) return { message: String(error).slice(0, 512) }
  const code = 'code' in error ? error.code : undefined
  const hasCause = error.cause !== undefined && depth <= 4
  const cause = hasCause ? serializeError(error.cause, depth + 1, isExpected) : undefined
  return { type: error.name, message: error.message, code, ...(!isExpected && { stack: error.stack }), cause }
}

const isExpectedRefusal = (error: unknown) => error instanceof Refusal && error.status !== 500

/** Escapes DEL, the C1 controls and the Unicode line ends: JSON leaves them, and terminals and line readers obey. */
function escapeControls (line: string) {
  return line.replace(/[\u007f-\u009f\u2028\u2029]/g, character => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

/** The path of a library that need not be installed; undefined if it is not. */
function find (name: string) {
  try {
    return createRequire(import.meta.url).resolve(name)
  } catch {
    return undefined
  }
}
