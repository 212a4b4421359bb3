import type { AskProof, Latchkey, Proof } from '../src/index.ts'
import { provePasskey } from '../src/passkeys.ts'
import { card, h } from './elements.ts'
import { act, form } from './form.ts'
import type { Field } from './form.ts'
import { appCode, recoveryCode } from './second-step.ts'

const password: Field = {
  name: 'password', label: 'Your password', type: 'password', autocomplete: 'current-password'
}

/** Asks, in a dialogue, to prove who is there; null if the user closes it. */
export function askProof (latchkey: () => Latchkey): AskProof {
  return ({ acrValues, methods }) => new Promise<Proof | null>(resolve => {
    const dialog = h('dialog', { onclose: () => { dialog.remove(); resolve(null) } })
    const isPasskeyDue = acrValues === 'phr'
    const may = (method: string) => methods?.includes(method) ?? false

    dialog.append(card('Is it still you?',
      !methods || may('passkey') ? act('Use a passkey', async () => answer(await provePasskey(latchkey()))) : '',
      !isPasskeyDue && (!methods || may('password')) ? ask(password, 'Confirm', ({ password = '' }) => password) : '',
      may('totp') ? ask(appCode, 'Confirm the code', ({ code = '' }) => ({ code })) : '',
      may('recovery_code') ? ask(recoveryCode, 'Confirm the recovery code', values => ({ recovery_code: values['recovery_code'] ?? '' })) : '',
      act('Cancel', async () => dialog.close())))
    document.body.append(dialog)
    dialog.showModal()

    function ask (field: Field, action: string, proofOf: (values: Record<string, string>) => Proof) {
      return form({ fields: [field], action, submit: async values => answer(proofOf(values)) })
    }

    function answer (proof: Proof) {
      resolve(proof)
      dialog.close()
    }
  })
}
