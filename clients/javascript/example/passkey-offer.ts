import type { Latchkey } from '../src/index.ts'
import { signInWithPasskey } from '../src/passkeys.ts'

/** The offer that waits. A browser has one at a time, and a dialogue ends it. */
let waiting = new AbortController()

/** Offers passkeys among the suggestions of the e-mail field. The page is left as soon as one has signed in. */
export function offerPasskeys (latchkey: Latchkey): AbortController {
  waiting.abort()
  waiting = new AbortController()
  wait(latchkey, waiting.signal)
  return waiting
}

// A browser without passkeys, and a user who wants none, have the password.
async function wait (latchkey: Latchkey, signal: AbortSignal) {
  const isAvailable = await globalThis.PublicKeyCredential?.isConditionalMediationAvailable?.()
  if (isAvailable && !signal.aborted) await signInWithPasskey(latchkey, { isConditional: true, signal }).catch(() => {})
}
