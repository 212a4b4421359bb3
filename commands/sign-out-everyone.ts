import type { Command, Result } from './command.ts'
import { operator, withApp } from './with-app.ts'

const signOutEveryone: Command = {
  usage: 'sign-out-everyone',
  help: 'ends every session of every user',
  options: {},
  positionals: 0,
  run
}
export default signOutEveryone

async function run (): Promise<Result> {
  return await withApp(async app => {
    await app.accounts.signOutEveryone({ caller: operator() })
    return { text: 'Everybody is signed out.', data: { outcome: 'signed_out' } }
  })
}
