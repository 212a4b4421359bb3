import type { FastifyInstance } from 'fastify'
import { Refusal, refusalCodes } from '../../../lib/errors.ts'

/**
 * Watches the refusals of a node. Call it before the node's routes are registered.
 *
 * @returns a function that throws an error which names each refusal that its operation does not document
 */
export function watchRefusals (app: FastifyInstance): () => void {
  const undocumented = new Set<string>()

  app.addHook('onSend', ({ routeOptions: { schema } }, { statusCode }, payload, done) => {
    if (statusCode >= 400 && schema?.operationId !== undefined && typeof payload === 'string') {
      const answer = read(payload)
      if (!isDocumented(schema, statusCode, answer)) undocumented.add(`${schema.operationId} ${statusCode} ${answer.code ?? answer.error ?? ''}`)
    }
    done(null, payload)
  })

  return () => {
    if (undocumented.size > 0) throw new Error(`answered, but not documented: ${[...undocumented].join(', ')}`)
  }
}

interface Answer { code?: string, error?: string }
interface Schema { refusals?: readonly string[], response?: unknown }
interface Response { content?: Record<string, { schema: { properties: { error: { enum: string[] } } } }> }

function isDocumented ({ refusals = [], response }: Schema, status: number, { code, error }: Answer) {
  const other = (response as Record<number, Response>)[status]
  if (error !== undefined) return other?.content?.['application/json']?.schema.properties.error.enum.includes(error) === true
  if (code === undefined) return other !== undefined
  const known = refusalCodes.find(one => one === code)
  return known !== undefined && refusals.includes(known) && new Refusal(known).status === status
}

function read (payload: string): Answer {
  try {
    return JSON.parse(payload) as Answer
  } catch {
    return {}
  }
}
