import type { Command, Input, Result, Surroundings } from './support/command.ts'
import { operator, withApp } from './support/with-app.ts'

const resetSecondFactors: Command = {
  usage: 'reset-second-factors EMAIL [--remove]',
  help: 'mails a user who has lost the second factors a link to add a new one, or removes the factors where the password alone signs in; --remove removes all of them and the password at once, for a stolen account',
  options: { remove: { type: 'boolean' } },
  positionals: 1,
  run
}
export default resetSecondFactors

async function run (
  { positionals: [email = ''], values: { remove } }: Input,
  surroundings: Surroundings
): Promise<Result> {
  return await withApp(surroundings, async app => {
    if (remove === true) {
      const user = await app.userAdministration.factorResets.removeAsOperator(email, operator())
      return {
        text: `Every second factor and the password of ${user.email} are removed: a link from “Forgot password” opens the account (${user.id}).`,
        data: { ...user, outcome: 'removed' }
      }
    }
    const user = await app.userAdministration.factorResets.startAsOperator(email, operator())
    return {
      text: user.outcome === 'mailed'
        ? `${user.email} gets a mail with a link, which is valid for a day together with the password (${user.id}).`
        : `The passkeys and the authenticator app of ${user.email} are removed: the password alone signs in, as before (${user.id}).`,
      data: user
    }
  })
}
