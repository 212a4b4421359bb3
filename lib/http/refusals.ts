import { Refusal } from '../errors.ts'
import type { FieldError, RefusalCode } from '../errors.ts'

interface SchemaViolation { instancePath: string, keyword: string, params: Record<string, unknown>, message?: string }

const refusalByCode: Record<string, RefusalCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_STATIC_FORBIDDEN_PATH: 'not_found',
  FST_ERR_BAD_URL: 'malformed_request',
  FST_ERR_MAX_PARAM_LENGTH: 'malformed_request'
}

const refusalByStatus: Record<number, RefusalCode> = {
  400: 'malformed_request',
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'body_too_large',
  414: 'malformed_request',
  415: 'unsupported_media_type',
  503: 'unavailable'
}

/**
 * The refusal for anything that was thrown: a refusal as it is, an error of the framework by its code or status,
 * anything else as `internal_error`, whose cause is for the log and never for the client.
 */
export function toRefusal (error: unknown): Refusal {
  if (error instanceof Refusal) return error
  const { validation, validationContext, code, statusCode } = fieldsOf(error)

  // A path whose id has the wrong form names nothing: 404, as for an id that does not exist.
  if (Array.isArray(validation)) {
    if (validationContext === 'params') return new Refusal('not_found')
    return new Refusal('invalid_request', { errors: validation.map(fieldError) })
  }
  const known = refusalByCode[String(code)] ?? refusalByStatus[Number(statusCode)]
  if (known === undefined) return new Refusal('internal_error', { cause: error })
  return new Refusal(known, { cause: error, ...(known === 'unavailable' ? { retryAfter: 1 } : {}) })
}

/** The codes with which input is refused that does not fit the schema of its route. */
export function refusalsOfInput ({ params, querystring, headers, body }: Input = {}): RefusalCode[] {
  const hasFields = querystring !== undefined || headers !== undefined || body !== undefined
  return [...params === undefined ? [] : ['not_found' as const], ...hasFields ? ['invalid_request' as const] : []]
}

/** The parts of a route's schema that are validated. */
interface Input { params?: unknown, querystring?: unknown, headers?: unknown, body?: unknown }

/** The fields of the framework's errors. */
interface FrameworkError { validation?: unknown, validationContext?: unknown, code?: unknown, statusCode?: unknown }

function fieldsOf (error: unknown): FrameworkError {
  return typeof error === 'object' && error !== null ? error : {}
}

/** The path of a field (RFC 6901), what the schema requires there, and a sentence that never repeats the value. */
function fieldError ({ instancePath, keyword, params, message = 'is not valid' }: SchemaViolation): FieldError {
  const member = params['missingProperty'] ?? params['additionalProperty'] ?? params['unevaluatedProperty']
  const path = typeof member === 'string' ? `${instancePath}/${escapePointer(member)}` : instancePath
  const limit = String(params['limit'])

  switch (keyword) {
    case 'required': return { path, code: 'required', message: 'is required' }
    case 'additionalProperties':
    case 'unevaluatedProperties': return { path, code: 'unknown_field', message: 'is not known here' }
    case 'type': return { path, code: 'wrong_type', message: `must be ${String(params['type'])}` }
    case 'minLength': return { path, code: 'too_short', message: `must have ${limit} characters or more` }
    case 'maxLength': return { path, code: 'too_long', message: `must have ${limit} characters or fewer` }
    case 'format': return { path, code: 'wrong_format', message: `must be a valid ${String(params['format'])}` }
    case 'pattern': return { path, code: 'wrong_format', message: 'has the wrong form' }
    case 'enum':
    case 'const':
    case 'anyOf':
    case 'oneOf': return { path, code: 'not_allowed', message: 'is not one of the allowed values' }
    default: return { path, code: keyword.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`), message }
  }
}

function escapePointer (member: string): string {
  return member.replaceAll('~', '~0').replaceAll('/', '~1')
}
