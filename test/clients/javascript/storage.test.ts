import t from 'tap'
import { capacitorSecureStorage, expoSecureStore, keychain, memory, perInstallation } from '../../../clients/javascript/src/mobile.ts'
import type { SecureStorage } from '../../../clients/javascript/src/mobile.ts'
import { pageStorage } from '../../../clients/javascript/src/storage.ts'

t.test('each adapter reads what it wrote, and nothing where nothing is', async t => {
  const adapters: Record<string, SecureStorage> = {
    memory: memory(),
    expo: expoSecureStore(fakeExpo().store),
    keychain: keychain(fakeKeychain().store),
    capacitor: capacitorSecureStorage(fakeCapacitor())
  }

  for (const [name, storage] of Object.entries(adapters)) {
    t.equal(await storage.get('latchkey.session'), null, name)
    await storage.set('latchkey.session', 'first')
    await storage.set('latchkey.session', 'second')
    t.equal(await storage.get('latchkey.session'), 'second', name)
    t.equal(await storage.get('latchkey.other'), null, name)
    await storage.remove('latchkey.session')
    t.equal(await storage.get('latchkey.session'), null, name)
  }
})

t.test('a page keeps its value where the browser allows it, and else until it is left', async t => {
  const values = new Map<string, string>()
  const localStorage = {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => { values.set(key, value) },
    removeItem: () => {}
  }
  const kept = pageStorage({ localStorage })
  t.equal(await kept.get('x'), null)
  await kept.set('x', 'one')
  t.equal(await pageStorage({ localStorage }).get('x'), 'one', 'the next page reads it')

  const refusing = { get localStorage (): typeof localStorage { throw new DOMException('denied', 'SecurityError') } }
  for (const host of [{}, refusing]) {
    const here = pageStorage(host)
    t.equal(await here.get('x'), null)
    await here.set('x', 'two')
    t.equal(await here.get('x'), 'two')
    t.equal(await pageStorage(host).get('x'), null)
  }
})

t.test('a page whose storage is full does not go back to what it has stored before', async t => {
  let isFull = false
  const values = new Map<string, string>()
  const localStorage = {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => {
      if (isFull) throw new DOMException('full', 'QuotaExceededError')
      values.set(key, value)
    },
    removeItem: () => {}
  }
  const storage = pageStorage({ localStorage })
  await storage.set('x', 'old')
  isFull = true
  await storage.set('x', 'new')
  t.equal(await storage.get('x'), 'new')

  isFull = false
  await storage.set('x', 'newer')
  values.set('x', 'of another tab')
  t.equal(await storage.get('x'), 'of another tab', 'when it can be written again, tabs share it again')
})

t.test('keychains are readable after the first unlock, on this device only', async t => {
  const [expo, chain] = [fakeExpo(), fakeKeychain()]
  await expoSecureStore(expo.store).set('latchkey.session', 'x')
  await keychain(chain.store).set('latchkey.session', 'x')

  t.strictSame(expo.options, [{ keychainAccessible: 1 }])
  t.match(chain.options, [{ service: 'latchkey.session', accessible: 'AfterFirstUnlockThisDeviceOnly' }])
})

t.test('a keychain that answers false has not stored the value', async t => {
  const { store } = fakeKeychain()
  await t.rejects(keychain({ ...store, setGenericPassword: async () => false }).set('latchkey.session', 'x'), /not stored/)
})

t.test('what an earlier installation of the app has left is not believed, and is gone', async t => {
  const chain = memory()
  await perInstallation(chain, fakeCapacitor()).set('latchkey.session', 'of an earlier installation')

  const app = fakeCapacitor()
  const storage = perInstallation(chain, app)
  t.equal(await storage.get('latchkey.session'), null)
  t.equal(await chain.get('latchkey.session'), null)

  await storage.set('latchkey.session', 'of this one')
  t.equal(await perInstallation(chain, app).get('latchkey.session'), 'of this one', 'at the next start too')
})

t.test('an earlier value that cannot be removed is not believed at the next start either', async t => {
  const chain = memory()
  await chain.set('latchkey.session', 'of an earlier installation')
  const app = fakeCapacitor()
  const locked = { ...chain, remove: async () => { throw new Error('locked') } }

  await t.rejects(perInstallation(locked, app).get('latchkey.session'), /locked/)
  t.equal(await perInstallation(chain, app).get('latchkey.session'), null)
})

function fakeExpo () {
  const values = new Map<string, string>()
  const options: unknown[] = []
  const store = {
    AFTER_FIRST_UNLOCK_THIS_DEVICE_ONLY: 1,
    getItemAsync: async (key: string) => values.get(key) ?? null,
    setItemAsync: async (key: string, value: string, given?: object) => {
      if (!/^[\w.-]+$/.test(key)) throw new Error('Invalid key')
      options.push(given)
      values.set(key, value)
    },
    deleteItemAsync: async (key: string) => { values.delete(key) }
  }
  return { store, options }
}

function fakeKeychain () {
  const values = new Map<string, string>()
  const options: object[] = []
  const store = {
    ACCESSIBLE: { AFTER_FIRST_UNLOCK_THIS_DEVICE_ONLY: 'AfterFirstUnlockThisDeviceOnly' },
    getGenericPassword: async ({ service }: { service: string }) => {
      const password = values.get(service)
      return password === undefined ? false as const : { password, username: '', service }
    },
    setGenericPassword: async (_: string, password: string, given: object) => {
      options.push(given)
      values.set((given as { service: string }).service, password)
      return { service: '' }
    },
    resetGenericPassword: async ({ service }: { service: string }) => values.delete(service)
  }
  return { store, options }
}

function fakeCapacitor () {
  const values = new Map<string, string>()
  return {
    getItem: async (key: string) => values.get(key) ?? null,
    setItem: async (key: string, value: string) => { values.set(key, value) },
    removeItem: async (key: string) => { values.delete(key) }
  }
}
