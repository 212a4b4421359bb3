import { Refusal } from '../errors.ts'
import type { RefusalCode } from '../errors.ts'

/** A guard, and the codes with which it may refuse a request. */
export interface Refusing { readonly refusals: readonly RefusalCode[] }

interface Route { schema?: { refusals?: readonly RefusalCode[] } }

/** Says with which codes a guard may refuse. */
export function refusing<Guard extends object> (guard: Guard, ...refusals: RefusalCode[]): Guard & Refusing {
  return Object.assign(guard, { refusals })
}

/** Adds codes to the `refusals` of a route's schema. The schema itself stays as it is: other nodes share it. */
export function listRefusals (route: Route, ...codes: readonly RefusalCode[]): void {
  route.schema = { ...route.schema, refusals: [...new Set([...route.schema?.refusals ?? [], ...codes])] }
}

/** Codes by the status of their refusals, in the order in which they are given. */
export function codesByStatus (codes: readonly RefusalCode[]): Map<number, RefusalCode[]> {
  const statuses = new Map<number, RefusalCode[]>()

  for (const code of codes) {
    const { status } = new Refusal(code)
    statuses.set(status, [...statuses.get(status) ?? [], code])
  }
  return statuses
}
