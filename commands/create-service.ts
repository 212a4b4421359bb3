import type { Command, Input, Result } from './command.ts'
import { operator, withApp } from './with-app.ts'

const createService: Command = {
  usage: 'create-service NAME [--may-revoke]',
  help: 'makes a credential with which a service asks about tokens; its secret is shown once. Again with one name: one more, to rotate',
  options: { 'may-revoke': { type: 'boolean' } },
  positionals: 1,
  run
}
export default createService

async function run ({ positionals: [name = ''], values: { 'may-revoke': mayRevoke = false } }: Input): Promise<Result> {
  return await withApp(async app => {
    const { id, secret, credentials } = await app.services.create({ name, mayRevoke: mayRevoke === true }, operator())
    const rights = mayRevoke === true ? 'may introspect and revoke' : 'may introspect'
    const others = credentials > 1 ? `; it has ${credentials} credentials now` : ''
    return {
      text: [
        `id      ${id}`,
        `secret  ${secret}`,
        '',
        `This is shown once. The service "${name}" ${rights} with it${others}.`
      ].join('\n'),
      data: { id, secret, name, may_revoke: mayRevoke === true, credentials }
    }
  })
}
