import type { Command, Input, Result, Surroundings } from './support/command.ts'
import { operator, withApp } from './support/with-app.ts'

const signOutEveryone: Command = {
  usage: 'sign-out-everyone',
  help: 'ends every session of every user',
  options: {},
  positionals: 0,
  run
}
export default signOutEveryone

async function run (_input: Input, surroundings: Surroundings): Promise<Result> {
  return await withApp(surroundings, async app => {
    await app.accounts.signOutEveryone({ caller: operator() })
    return { text: 'Everybody is signed out.', data: { outcome: 'signed_out' } }
  })
}
