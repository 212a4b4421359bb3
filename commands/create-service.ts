import type { Command, Input, Result, Surroundings } from './support/command.ts'
import { operator, withApp } from './support/with-app.ts'

const createService: Command = {
  usage: 'create-service NAME [--may-revoke] [--may-follow]',
  help: 'makes a credential with which a service asks about tokens; its secret is shown once. A further call with the same name makes a further credential, for a rotation',
  options: { 'may-revoke': { type: 'boolean' }, 'may-follow': { type: 'boolean' } },
  positionals: 1,
  run
}
export default createService

async function run ({ positionals: [name = ''], values }: Input, surroundings: Surroundings): Promise<Result> {
  const [mayRevoke, mayFollow] = [values['may-revoke'] === true, values['may-follow'] === true]
  return await withApp(surroundings, async app => {
    const { id, secret, credentials } = await app.services.create({ name, mayRevoke, mayFollow }, operator())
    const rights = list(['introspect', ...(mayRevoke ? ['revoke'] : []), ...(mayFollow ? ['follow'] : [])])
    const others = credentials > 1 ? `; it has ${credentials} credentials now` : ''
    return {
      text: [
        `id      ${id}`,
        `secret  ${secret}`,
        '',
        `This is shown once. The service "${name}" may ${rights} with it${others}.`
      ].join('\n'),
      data: { id, secret, name, may_revoke: mayRevoke, may_follow: mayFollow, credentials }
    }
  })
}

/** `introspect, revoke and follow`. */
function list (rights: string[]): string {
  return rights.join(', ').replace(/, ([^,]*)$/, ' and $1')
}
