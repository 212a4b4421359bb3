import type { Finding } from '../config/warnings.ts'

/** A part of a deployment that is looked at as a whole. */
export interface Examination {
  area: string
  /** Resolves with what was found. If it rejects, the area could not be looked at. */
  look: () => Promise<Finding[]> | Finding[]
}

export interface AreaFinding extends Finding { area: string }

/** `unsafe`: something is. `unknown`: nothing that was seen is, but not everything could be looked at. Else `sound`. */
export type Verdict = 'sound' | 'unsafe' | 'unknown'

/** How long (ms) one area may take. */
const lookTimeoutMs = 8000
/** How many characters of an error are shown. */
const reasonLengthMax = 300

/** Looks at all areas at once. Never rejects: an area that cannot be looked at, or not in time, is a finding. */
export async function examine (
  examinations: readonly Examination[], timeoutMs = lookTimeoutMs
): Promise<AreaFinding[]> {
  const found = await Promise.all(examinations.map(async ({ area, look }) => {
    const findings = await inTime(look, timeoutMs).catch(error => [notExamined(area, error)])
    return findings.map(finding => ({ area, ...finding }))
  }))
  return found.flat()
}

/** What all findings together say. */
export function verdictOf (findings: readonly Pick<Finding, 'severity'>[]): Verdict {
  const has = (wanted: string) => findings.some(({ severity }) => severity === wanted)
  if (has('unsafe')) return 'unsafe'
  return has('unknown') ? 'unknown' : 'sound'
}

async function inTime (look: Examination['look'], timeoutMs: number): Promise<Finding[]> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not answer within ${timeoutMs} ms`)), timeoutMs)
  })
  const looking = Promise.resolve().then(look)
  return await Promise.race([looking, timeout]).finally(() => clearTimeout(timer))
}

function notExamined (area: string, error: unknown): Finding {
  return {
    code: 'not_examined',
    severity: 'unknown',
    message: `The part “${area}” could not be looked at: ${reasonOf(error)}.`,
    advice: 'Mend what it says and run the command again. Nothing is known about this part until then.'
  }
}

// The message of a refusal is for clients of the API. Its cause is what an operator needs.
function reasonOf (error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  if (!(error instanceof Error)) return 'of an unknown error'
  if (error.cause !== undefined) return reasonOf(error.cause)
  return (error.message || error.name).replace(/\s+/g, ' ').replace(/\.$/, '').slice(0, reasonLengthMax)
}
