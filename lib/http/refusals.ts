import { Refusal } from '../errors.ts'
import type { FieldError, RefusalCode } from '../errors.ts'

interface SchemaViolation { instancePath: string, keyword: string, params: Record<string, unknown>, message?: string }

const refusalByCode: Record<string, RefusalCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_BAD_URL: 'malformed_request',
  FST_ERR_MAX_PARAM_LENGTH: 'malformed_request'
}

const refusalByStatus: Record<number, RefusalCode> = {
  400: 'malformed_request', 404: 'not_found', 405: 'method_not_allowed', 413: 'body_too_large', 414: 'malformed_request', 415: 'unsupported_media_type', 503: 'unavailable'
}

/**
 * The refusal for whatever was thrown: refusals as they are, the framework's own errors as theirs,
 * and anything else as `internal_error`, whose cause is for the log and never for the client.
 */
export function toRefusal (error: unknown): Refusal {
  if (error instanceof Refusal) return error
  const { validation, validationContext, code, statusCode } = fieldsOf(error)

  // A path whose id has the wrong form names nothing: 404, as for an id that does not exist.
  if (Array.isArray(validation)) {
    return validationContext === 'params' ? new Refusal('not_found') : new Refusal('invalid_request', { errors: validation.map(fieldError) })
  }
  const known = refusalByCode[String(code)] ?? refusalByStatus[Number(statusCode)]
  return known === undefined ? new Refusal('internal_error', { cause: error }) : new Refusal(known, { cause: error, ...(known === 'unavailable' ? { retryAfter: 1 } : {}) })
}

function fieldsOf (error: unknown): { validation?: unknown, validationContext?: unknown, code?: unknown, statusCode?: unknown } {
  return typeof error === 'object' && error !== null ? error : {}
}

/** The place (RFC 6901), what the schema wanted there, and a sentence that never repeats the value. */
function fieldError ({ instancePath, keyword, params, message = 'is not valid' }: SchemaViolation): FieldError {
  const member = params['missingProperty'] ?? params['additionalProperty'] ?? params['unevaluatedProperty']
  const path = typeof member === 'string' ? `${instancePath}/${member.replaceAll('~', '~0').replaceAll('/', '~1')}` : instancePath

  switch (keyword) {
    case 'required': return { path, code: 'required', message: 'is required' }
    case 'additionalProperties':
    case 'unevaluatedProperties': return { path, code: 'unknown_field', message: 'is not known here' }
    case 'type': return { path, code: 'wrong_type', message: `must be ${String(params['type'])}` }
    case 'minLength': return { path, code: 'too_short', message: `must have ${String(params['limit'])} characters or more` }
    case 'maxLength': return { path, code: 'too_long', message: `must have ${String(params['limit'])} characters or fewer` }
    case 'format': return { path, code: 'wrong_format', message: `must be a valid ${String(params['format'])}` }
    case 'pattern': return { path, code: 'wrong_format', message: 'has the wrong form' }
    case 'enum':
    case 'const':
    case 'anyOf':
    case 'oneOf': return { path, code: 'not_allowed', message: 'is not one of the allowed values' }
    default: return { path, code: keyword.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`), message }
  }
}
