// A node for tests of failure: the server as it is, and it dies by its own hand at the worst moment.
//   DIES_AT=publish  after the commit, before anything of it is in memory
//   DIES_AT=wake     before the other nodes are woken
// Use cases that have no route yet can be called below /test.
import latchkey from '../../app.ts'
import type { Change } from '../../lib/changes/change.ts'
import { createClock } from '../../lib/clock.ts'
import { loadConfig } from '../../lib/config/config.ts'
import { createServer } from '../../plugins/http/server.ts'
import { disable } from '../support/accounts/people.ts'
import { cheapHasher } from '../support/hashers.ts'

const config = loadConfig(process.env)
const app = createServer(config)
const caller = { ip: '127.0.0.1', userAgent: null, requestId: 'test' }

await app.register(latchkey, { config, clock: createClock(), hasher: cheapHasher })
app.post<{ Params: { id: string } }>('/test/disable/:id', async ({ params }) => await disable(app, params.id))
app.post('/test/sign-out-everyone', async () => await app.accounts.signOutEveryone({ caller }))
app.post<{ Params: { id: string }, Body: { next: string, current: string } }>('/test/change-password/:id', async ({ params, body }) =>
  await app.accounts.changePassword(
    { userId: 'nobody', sessionId: params.id },
    { currentPassword: body.current, newPassword: body.next },
    caller
  ))
await app.listen({ host: config.process.host, port: config.process.port })

if (process.env['DIES_AT'] === 'publish') app.feed.publish = die
if (process.env['DIES_AT'] === 'wake') app.scripts.wake = async () => { die(); return null }

function die (changes?: Change[]) {
  if (changes?.length !== 0) process.kill(process.pid, 'SIGKILL')
}
