import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { createLatchkey } from '../../../clients/javascript/src/index.ts'
import type { Ending, Options, Session } from '../../../clients/javascript/src/index.ts'
import { bearer, memory } from '../../../clients/javascript/src/mobile.ts'
import { openRelay } from '../../browser/relay.ts'
import { watchTraffic } from '../../browser/traffic.ts'
import { build, password } from '../../support/helper.ts'

export type World = Awaited<ReturnType<typeof openWorld>>

/** A listening node behind a connection that can be cut, and what it is asked. */
export async function openWorld (t: Pick<Test, 'teardown'>, settings: Record<string, string> = {}) {
  const relay = await openRelay(t)
  const app = await build(t, { ISSUER_URL: relay.origin, ...settings })
  const traffic = watchTraffic(app)
  await app.listen({ host: '127.0.0.1', port: 0 })
  relay.to = (app.server.address() as AddressInfo).port
  return { app, relay, traffic, baseUrl: relay.origin }
}

/** A phone: a client with bearer tokens, whose clock can be moved, and whose network can be switched off. */
export function makePhone (
  t: Pick<Test, 'teardown'>,
  { baseUrl }: Pick<World, 'baseUrl'>,
  { storage = memory(), ...options }: Partial<Options> & { storage?: ReturnType<typeof memory> } = {}
) {
  const time = { monotonic: 0, wall: Date.now() }
  const network = { isOn: true }
  const errors: unknown[] = []
  const endings: Ending[] = []
  const sessions: Session[] = []
  const client = createLatchkey({
    baseUrl,
    transport: bearer({ storage, deviceName: 'Ada’s phone' }),
    clock: { monotonic: () => time.monotonic, wall: () => time.wall },
    fetch: async (input, init) => {
      if (!network.isOn) throw new TypeError('fetch failed')
      return await fetch(input, init)
    },
    onError: error => errors.push(error),
    ...options
  })
  client.onSessionEnded(ending => endings.push(ending))
  client.subscribe(session => sessions.push(session))
  t.teardown(client.dispose)

  return { client, storage, time, network, errors, endings, sessions, pass }

  /** Time passes, asleep (only the wall clock moves) or awake. */
  function pass (ms: number, { asleep = false } = {}) {
    if (!asleep) time.monotonic += ms
    time.wall += ms
  }
}

/** A phone on which a user is signed in. */
export async function signedInPhone (
  t: Pick<Test, 'teardown'>,
  world: World,
  account: { email: string },
  options: Parameters<typeof makePhone>[2] = {}
) {
  const phone = makePhone(t, world, options)
  await phone.client.signIn({ email: account.email, password })
  world.traffic.take()
  return phone
}

/** Time passes for the server and for the phone. */
export function passForAll (app: World['app'], phone: ReturnType<typeof makePhone>, ms: number) {
  app.clock.advance(ms)
  phone.pass(ms)
}
