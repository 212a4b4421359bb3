import type { Change, ChangeStore } from './change-store.ts'
import type { Transaction } from '../stores/database.ts'

export type DeploymentStore = ReturnType<typeof createDeploymentStore>

export function createDeploymentStore (changes: Pick<ChangeStore, 'append'>) {
  return { endEverything }

  /**
   * Ends every session of every user, in one step however many there are. Returns the change to
   * publish after the commit.
   */
  async function endEverything (tx: Transaction): Promise<Change> {
    const [deployment] = await tx<{ sessionEpoch: number }>`
      update deployment
      set session_epoch = session_epoch + 1
      returning session_epoch`
    if (!deployment) throw new Error('the deployment has no row')
    return await changes.append(tx, { kind: 'everyone', number: deployment.sessionEpoch, reason: 'everyone_signed_out' })
  }
}
