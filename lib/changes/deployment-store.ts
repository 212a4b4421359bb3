import type { UnitOfWork } from './unit-of-work.ts'

export type DeploymentStore = ReturnType<typeof createDeploymentStore>

export function createDeploymentStore () {
  return { endEverything }

  /** Ends every session of every user. It is one step, whatever the number of sessions. */
  async function endEverything ({ tx, change }: Pick<UnitOfWork, 'tx' | 'change'>) {
    const [deployment] = await tx<{ sessionEpoch: number }>`
      update deployment
      set session_epoch = session_epoch + 1
      returning session_epoch`
    if (!deployment) throw new Error('the deployment has no row')
    await change({ kind: 'everyone', number: deployment.sessionEpoch, reason: 'everyone_signed_out' })
  }
}
