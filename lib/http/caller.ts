/** The sender of a request, as far as the network identifies one. */
export interface Caller {
  /** The address in its canonical form. */
  ip: string
  userAgent: string | null
  requestId: string
}
