import t from 'tap'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, signIn, start } from '../../support/helper.ts'
import type { Tokens } from '../../support/helper.ts'
import { tapWires } from '../../support/statements/wiretap.ts'

const deployment = await deploy(t)
const { tap, deployment: tapped } = await tapWires(t, deployment)
const app = await start(t, tapped, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher })

t.test('a profile that is asked for often is read only once', async t => {
  const ada = await settledSession()
  await me(ada)
  tap.take()
  for (let n = 0; n < 20; n++) t.same(await me(ada), ada.user)
  t.same(tap.take(), { statements: [], commands: [] })
})

t.test('a change is seen at once on the node that made it, and on other nodes with the next read of the feed', async t => {
  const ada = await settledSession()
  await Promise.all([me(ada), me(ada, other)])

  await as(app, ada.access_token, 'PATCH', '/auth/me', { full_name: 'Ada Lovelace' })
  t.match(await me(ada), { full_name: 'Ada Lovelace' })
  await other.feed.read()
  t.match(await me(ada, other), { full_name: 'Ada Lovelace' })
})

t.test('after a sign-in the new session sees its own time of sign-in, even if an older session has been asking', async t => {
  const ada = await settledSession()
  await me(ada, other)
  const again = await signIn(app, { email: ada.user.email })
  t.notSame(again.user, ada.user, 'last_login_at is another')
  t.same(await me(again, other), again.user)
})

t.test('values that no version counts are at most one minute old', async t => {
  const ada = await settledSession()
  await me(ada)
  await app.database`update users set full_name = 'Ada Lovelace' where id = ${ada.user.id}`
  t.match(await me(ada), { full_name: 'Ada King' })
  app.clock.advance(60_000)
  t.match(await me(ada), { full_name: 'Ada Lovelace' })
})

/** A session that did not begin just now. */
async function settledSession () {
  const tokens = await signIn(app)
  app.clock.advance(2000)
  other.clock.advance(2000)
  return tokens
}

async function me ({ access_token: token }: Tokens, node: typeof app = app): Promise<unknown> {
  const answer = await as(node, token, 'GET', '/auth/me')
  return answer.json().user
}
