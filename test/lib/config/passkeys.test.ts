import t from 'tap'
import { loadConfig } from '../../../lib/config/config.ts'
import type { Environment } from '../../../lib/config/config.ts'
import { problemsOf, production } from '../../support/settings.ts'

/** A list without entries, as a pattern. An empty list would match every list. */
const none = { length: 0 }

const app = { ISSUER_URL: 'https://auth.example.com', APP_URL: 'https://app.example.com' }
const apk = 'android:apk-key-hash:pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck'

t.test('passkeys belong to the host of the web application, and are used on its origins', async t => {
  t.strictSame(passkeysOf({}), { rpId: 'app.example.com', rpName: 'app.example.com', origins: ['https://app.example.com'], relatedOrigins: [] })
  t.strictSame(
    passkeysOf({ ALLOWED_ORIGINS: 'https://app.example.com,https://new.app.example.com,https://other.example.com,https://evilapp.example.com,capacitor://localhost' }).origins,
    ['https://app.example.com', 'https://new.app.example.com'], 'and on those that are allowed and belong to it'
  )
  t.match(passkeysOf({ PASSKEY_RP_ID: 'example.com', PASSKEY_RP_NAME: 'Quill & Sons', ALLOWED_ORIGINS: 'https://other.example.com' }), {
    rpId: 'example.com', rpName: 'Quill & Sons', origins: ['https://app.example.com', 'https://other.example.com'], relatedOrigins: none
  })
  t.match(loadConfig({ ...production(), NODE_ENV: 'test', ISSUER_URL: 'http://localhost:3000' }).passkeys, { rpId: 'localhost', origins: ['http://localhost:3000'] })
})

t.test('origins of apps and of other domains are named one by one', async t => {
  t.match(passkeysOf({ PASSKEY_ORIGINS: `https://app.example.com,${apk}` }), { origins: ['https://app.example.com', apk], relatedOrigins: none })
  t.strictSame(
    passkeysOf({ PASSKEY_ORIGINS: `https://app.example.com,https://app.example.net,${apk}` }).relatedOrigins,
    ['https://app.example.com', 'https://app.example.net'], 'with one of another domain, browsers are told all pages'
  )
})

t.test('a start refuses settings with which no browser makes a passkey', async t => {
  for (const setting of [
    { PASSKEY_RP_ID: 'example.org' }, { PASSKEY_RP_ID: 'new.app.example.com' }, { PASSKEY_RP_ID: 'ample.com' }, { PASSKEY_RP_ID: 'com' },
    { PASSKEY_RP_ID: 'https://app.example.com' }, { PASSKEY_RP_ID: 'App.example.com' }, { PASSKEY_RP_ID: '10.0.0.1' },
    { PASSKEY_ORIGINS: 'http://app.example.com' }, { PASSKEY_ORIGINS: 'https://app.example.com/' }, { PASSKEY_ORIGINS: 'capacitor://localhost' },
    { PASSKEY_ORIGINS: apk.slice(0, -1) }, { PASSKEY_ORIGINS: `${apk}A` }, { PASSKEY_ORIGINS: 'https://*.example.com' }, { PASSKEY_RP_NAME: 'a\u0007b' }
  ]) {
    const [name = ''] = Object.keys(setting)
    t.match(problemsOf({ ...production(), ...app, ...setting }), new RegExp(`one setting is wrong:\n  ${name} `), JSON.stringify(setting))
  }
  const shared = { ...production(), APP_URL: 'https://latchkey.fly.dev', PASSKEY_RP_ID: 'fly.dev' }
  t.match(problemsOf(shared), /one setting is wrong:\n {2}PASSKEY_RP_ID +is a public suffix/)
})

function passkeysOf (settings: Environment) {
  return loadConfig({ ...production(), ...app, ...settings }).passkeys
}
