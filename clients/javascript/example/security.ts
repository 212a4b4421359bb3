import type { Latchkey } from '../src/index.ts'
import { app } from './authenticator-app.ts'
import { h } from './elements.ts'
import { explain } from './explain.ts'
import { passkeys } from './passkeys.ts'
import { password } from './password.ts'
import { recoveryCodes } from './recovery-codes.ts'
import { twoStep } from './two-step.ts'

/** Everything that the account signs in with. */
export function security (latchkey: Latchkey): HTMLElement {
  const place = h('div')
  show()
  return place

  async function show (codes?: string[]) {
    try {
      const part = { latchkey, factors: await latchkey.listSecondFactors(), changed: show }
      place.replaceChildren(passkeys(part), app(part), twoStep(part), recoveryCodes(part, codes), password(part))
    } catch (error) {
      place.replaceChildren(explain(error))
    }
  }
}
