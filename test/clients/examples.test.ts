import { mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { mistakesIn } from './packing.ts'

const pages = ['clients/javascript/README.md', 'clients/verifier/README.md']

/** What the examples leave to the app, or to an earlier example of their page. */
const app = `
import type * as client from '@latchkey/client'
import type * as mobile from '@latchkey/client/mobile'
import type * as passkeys from '@latchkey/client/passkeys'
import type * as verifying from '@latchkey/verifier'
import type { FastifyInstance } from 'fastify'
import type fastifyJwt from '@fastify/jwt'
import type { Router } from 'express'
import type { Hono as HonoApp } from 'hono'
import type { IncomingMessage } from 'node:http'

declare global {
  const app: FastifyInstance
  const jwt: typeof fastifyJwt
  const router: Router
  const Hono: typeof HonoApp
  const request: IncomingMessage
  function ordersOf (userId: string): Promise<string[]>
  const { createLatchkey, isRefusal }: typeof client
  const { bearer, memory }: typeof mobile
  const { provePasskey }: typeof passkeys
  const { createVerifier, forwardedIdentity }: typeof verifying
  const latchkey: client.Latchkey
  const verifier: verifying.Verifier
  const baseUrl: string, email: string, password: string, code: string, id: string, secret: string, token: string
  const storage: mobile.SecureStorage
  const signal: AbortSignal
  function render (session: client.Session): void
  function showSignIn (reason: string): void
  function showWrongPassword (): void
  function showOffline (): void
  function askCode (): Promise<string>
  function askPassword (): Promise<string | null>
}
`

/** A package that is not installed here: it is for phones. */
const expo = `
declare module 'expo-secure-store' {
  export function getItemAsync (key: string, options?: object): Promise<string | null>
  export function setItemAsync (key: string, value: string, options?: object): Promise<void>
  export function deleteItemAsync (key: string, options?: object): Promise<void>
  export const AFTER_FIRST_UNLOCK_THIS_DEVICE_ONLY: number
}
`

t.test('the examples of the packages compile', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-examples-'))
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const examples = pages.flatMap(examplesOf)
  t.ok(examples.length > 10)
  const files = [{ name: 'app.d.ts', text: app }, { name: 'expo.d.ts', text: expo }, ...examples].map(write)

  t.strictSame(mistakesIn(files, {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    types: ['node'],
    typeRoots: [resolve('node_modules/@types')],
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    paths: {
      '@latchkey/client': [resolve('clients/javascript/src/index.ts')],
      '@latchkey/client/*': [resolve('clients/javascript/src/*.ts')],
      '@latchkey/verifier': [resolve('clients/verifier/src/index.ts')],
      '@latchkey/verifier/*': [resolve('clients/verifier/src/*.ts')]
    }
  }).map(mistake => mistake.slice(folder.length + 1)), [])

  function write ({ name, text }: { name: string, text: string }) {
    const file = join(folder, name)
    writeFileSync(file, text)
    return file
  }
})

/** The examples of a page, each a module that is named by its page and its line. */
function examplesOf (page: string) {
  const text = readFileSync(page, 'utf8')
  return [...text.matchAll(/^```(?:ts|js)\n([^]*?)^```$/gm)].flatMap(({ 1: example = '', index }) => {
    const line = text.slice(0, index).split('\n').length
    return { name: `${page.replaceAll(/\W/g, '-')}-${line}.ts`, text: `${example}\nexport {}\n` }
  })
}
