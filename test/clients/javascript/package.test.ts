import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { bytesOf, installPackage, mistakesIn } from '../packing.ts'

const source = 'clients/javascript'
const entries = ['index', 'mobile', 'admin', 'react', 'diagnose', 'passkeys']
const program = `
import { createLatchkey, isRefusal } from '@latchkey/client'
import type { RefusalOf, Session } from '@latchkey/client'
import { bearer, memory } from '@latchkey/client/mobile'
import { administration } from '@latchkey/client/admin'
import { useSession } from '@latchkey/client/react'
import { diagnose } from '@latchkey/client/diagnose'
import { registerPasskey, signInWithPasskey } from '@latchkey/client/passkeys'

const latchkey = createLatchkey({ baseUrl: 'https://auth.example.com', transport: bearer({ storage: memory() }) })
export const session: Session = useSession(latchkey)
export const email: Promise<string> = administration(latchkey).getUser({ id: 'x' }).then(({ user }) => user.email)
export const code = (error: unknown) => isRefusal(error, 'login') ? error.code : undefined
export const fault: Promise<string | undefined> = diagnose({ baseUrl: 'https://auth.example.com' }, latchkey).then(finding => finding?.fault)
export const entered: Promise<Session> = signInWithPasskey(latchkey, { isConditional: true })
export const passkey: Promise<string> = registerPasskey(latchkey, { name: 'Ada’s phone' }).then(({ passkey }) => passkey.id)
export const named: string = session.status === 'signed_in' ? session.user.full_name : ''

// @ts-expect-error an unknown field
latchkey.register({ email: 'ada@example.com', password: '…', full_name: 'Ada King', role: 'admin' })
// @ts-expect-error a field of another type
latchkey.signIn({ email: 'ada@example.com', password: 1843 })
// @ts-expect-error a missing field
latchkey.verifyEmail({ code: '012345' })
// @ts-expect-error a value that is not in the list
latchkey.signOut({ scope: 'all' })
// @ts-expect-error a missing input
latchkey.endSession()
// @ts-expect-error a token
latchkey.signIn({ email: '', password: '' }).then(session => session.access_token)

export const isWrong = (error: unknown) => isRefusal(error, 'login') && error.code === 'invalid_credentials'
export const isAny = (error: unknown) => isRefusal(error) && error.code === 'role_in_use'
export const isOver = (error: unknown) => isRefusal(error, 'getMe') && error.code === 'vendor_suspended' // says the refresh
export function tell (error: RefusalOf<'resendCode'>): string {
  switch (error.code) {
    case 'malformed_request': case 'body_too_large': case 'unsupported_media_type': case 'invalid_request':
    case 'csrf': case 'https_required': case 'internal_error': return 'a fault of the app or of the server'
    case 'unauthenticated': case 'invalid_token': case 'session_ended': case 'vendor_suspended': return 'sign in again'
    case 'rate_limited': case 'unavailable': return 'later'
  }
}
// @ts-expect-error an unknown code
export const isNonsense = (error: unknown) => isRefusal(error, 'login') && error.code === 'nonsense'
// @ts-expect-error a code of other operations only
export const isInUse = (error: unknown) => isRefusal(error, 'login') && error.code === 'role_in_use'
// @ts-expect-error no refresh goes before a sign-in
export const isEnded = (error: unknown) => isRefusal(error, 'login') && error.code === 'session_ended'
// @ts-expect-error two codes are missing
export function tellLess (error: RefusalOf<'resendCode'>): string { switch (error.code) { case 'unavailable': return 'later' } }
`

const app = installPackage(source)
writeFileSync(join(app.folder, 'app.ts'), program)

t.test('the package holds what was built from the sources, and nothing else', async t => {
  t.match(app.files.filter(name => !name.startsWith('dist/')).sort(), ['LICENSE', 'README.md', 'package.json'])
  t.ok(app.files.every(name => /^(dist\/[\w/-]+(\.js|\.d\.ts)|LICENSE|README\.md|package\.json)$/.test(name)), app.files.join())
  for (const entry of entries) t.ok(app.files.includes(`dist/${entry}.js`) && app.files.includes(`dist/${entry}.d.ts`), entry)
})

t.test('it depends on nothing, and has the server’s version', async t => {
  const [own, server] = [`${source}/package.json`, 'package.json'].map(file => JSON.parse(readFileSync(file, 'utf8')))

  t.equal(own.version, server.version)
  t.equal(own.dependencies, undefined)
  t.strictSame(own.peerDependenciesMeta, { react: { optional: true } })
})

for (const [name, module, moduleResolution] of [
  ['node16', ts.ModuleKind.Node16, ts.ModuleResolutionKind.Node16],
  ['bundler', ts.ModuleKind.ESNext, ts.ModuleResolutionKind.Bundler]
] as const) {
  t.test(`a program that uses it compiles with the resolution of ${name}, and its mistakes are found`, async t => {
    const lib = ['lib.es2022.d.ts', 'lib.dom.d.ts']
    t.strictSame(mistakesIn(join(app.folder, 'app.ts'), { lib, module, moduleResolution, types: [] }), [])
  })
}

t.test('Node loads it', async t => {
  const script = "console.log(Object.keys({ ...await import('@latchkey/client'), ...await import('@latchkey/client/mobile'), ...await import('@latchkey/client/admin') }).join())"
  const names = execFileSync('node', ['--input-type=module', '-e', script], { cwd: app.folder, encoding: 'utf8' })

  t.match(names, 'createLatchkey,isRefusal,isUnintelligible,isUnreachable')
})

const entry = (name: string) => `export * from '@latchkey/client${name === 'index' ? '' : `/${name}`}'`
for (const [what, text, bytesMax] of [
  ['the core with the user’s calls', "export { createLatchkey, isRefusal } from '@latchkey/client'", 6185],
  ['the adapters', entry('mobile'), 600],
  ['the diagnosis', entry('diagnose'), 1150],
  ['passkeys', entry('passkeys'), 900],
  ['the hook', entry('react'), 150],
  ['all of it', entries.map(entry).join('\n'), 8180]
] as const) {
  t.test(`${what} is small`, async t => {
    const bytes = bytesOf(text, app.folder)
    t.ok(bytes > 0 && bytes <= bytesMax, `${bytes} of ${bytesMax} bytes`)
  })
}
