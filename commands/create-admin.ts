import type { Command, Input, Result, Surroundings } from './support/command.ts'
import { readNewPassword } from './support/password-prompt.ts'
import { operator, withApp } from './support/with-app.ts'

const createAdmin: Command = {
  usage: 'create-admin EMAIL [--name NAME] [--another]',
  help: 'makes the first super_admin, or with --another one more; the password comes from a prompt or standard input',
  options: { name: { type: 'string' }, another: { type: 'boolean' } },
  positionals: 1,
  run
}
export default createAdmin

async function run ({ positionals: [email = ''], values }: Input, surroundings: Surroundings): Promise<Result> {
  const { name = 'Administrator', another = false } = values

  return await withApp(surroundings, async app => {
    const password = await readNewPassword(surroundings.stdin, surroundings.stderr)
    const admin = await app.administrators.create({
      email,
      fullName: String(name),
      password,
      another: another === true
    }, operator())
    return { text: `${admin.email} is a super_admin now (${admin.id}).`, data: admin }
  })
}
