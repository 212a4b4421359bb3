import type { Continuation } from '../lib/audit/seal-batches.ts'
import type { Command, Input, Result, Surroundings } from './support/command.ts'
import { operator, withApp } from './support/with-app.ts'

const rotateKeys: Command = {
  usage: 'rotate-keys [--compromised]',
  help: 'lets the next key sign as soon as verifiers can know it; or replaces all keys at once and signs everybody out',
  options: { compromised: { type: 'boolean' } },
  positionals: 0,
  run
}
export default rotateKeys

async function run ({ values: { compromised } }: Input, surroundings: Surroundings): Promise<Result> {
  return await withApp(surroundings, async app => {
    if (compromised === true) {
      const kid = await app.signingKeys.replace(operator())
      const continuation = await app.auditSeals.continueChain()
      return {
        text: `All signing keys have been replaced, key ${kid} signs now, and everybody is signed out. ` +
          'Services that verify tokens with a copy of the JWKS may take the old keys until it expires, ' +
          `5 minutes at most.${tell(continuation)}`,
        data: { outcome: 'replaced', kid, seal: continuation && present(continuation) }
      }
    }

    const { outcome, kid, at } = await app.signingKeys.rotate(operator())
    const from = new Date(at).toISOString()
    return {
      text: outcome === 'rotated'
        ? `Key ${kid} signs from now on; the one before it stays published until its last token has expired.`
        : `Key ${kid} signs from ${from} on, when every verifier can know it. The running server does that by itself.`,
      data: { outcome, kid, signs_from: from }
    }
  })
}

function tell (continuation: Continuation | null): string {
  if (!continuation) return ''
  const { seal, continued, isVerified } = continuation
  return `\nThe audit trail goes on with seal ${seal.number}, which continues seal ${continued.number}, ` +
    `${continued.hash.toString('hex')}.` +
    (isVerified ? '' : ' This key cannot verify the seals up to that one: compare its hash with the last head in the logs.')
}

function present ({ seal, continued, isVerified }: Continuation) {
  return {
    seal: seal.number,
    hash: seal.hash.toString('hex'),
    continues: { seal: continued.number, hash: continued.hash.toString('hex'), verified: isVerified }
  }
}
