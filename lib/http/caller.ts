/** Who sent a request, as far as the network tells. */
export interface Caller {
  /** The address in its canonical form. */
  ip: string
  userAgent: string | null
  requestId: string
}
