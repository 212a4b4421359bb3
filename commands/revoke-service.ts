import type { Command, Input, Result, Surroundings } from './support/command.ts'
import { operator, withApp } from './support/with-app.ts'

const revokeService: Command = {
  usage: 'revoke-service NAME [--credential ID]',
  help: 'takes a service’s credentials back, all of them or one',
  options: { credential: { type: 'string' } },
  positionals: 1,
  run
}
export default revokeService

async function run (
  { positionals: [name = ''], values: { credential } }: Input,
  surroundings: Surroundings
): Promise<Result> {
  return await withApp(surroundings, async app => {
    const { revoked, credentials } = await app.services.revoke({
      name,
      ...(credential !== undefined && { id: String(credential) })
    }, operator())
    const left = credentials === 0 ? 'It has none now.' : `It has ${credentials} left.`
    const are = revoked.length === 1 ? 'credential is' : 'credentials are'
    return {
      text: `Of the service "${name}", ${revoked.length} ${are} revoked. ${left}`,
      data: { name, revoked, credentials }
    }
  })
}
