import t from 'tap'
import { loadConfig } from '../../../lib/config/config.ts'
import type { Answer, Ask, Question } from '../../../lib/doctor/outside/ask.ts'
import { lookFromOutside } from '../../../lib/doctor/outside/client.ts'
import { production } from '../../support/settings.ts'

/** What is changed of a sound deployment. */
interface Fault {
  settings?: Record<string, string>
  url?: string
  /** Changes the answer to a question; the same answer if nothing is wrong with it. */
  answer?: (path: string, answer: Answer, question?: Question) => Answer
  /** The status over plain http; null where nothing answers. */
  plainStatus?: number | null
}

const now = Date.parse('2026-11-27T10:00:00Z')
const origin = 'https://auth.example.com'
const token = 'k3Q9xT7bZr5mW2pV8sLd'

t.test('a sound deployment has no finding', async t => {
  t.strictSame(await look({}), [])
})

t.test('each fault is one finding, which goes with its cause', async t => {
  const faults: [Fault, finding: string][] = [
    [{ url: 'https://login.example.com' }, 'warning outside_issuer_differs'],
    [{ answer: (path, answer) => path === '/docs/json' ? { ...answer, status: 200 } : answer }, 'warning outside_docs'],
    [{ plainStatus: 301 }, 'info outside_http_redirects'],
    [{ plainStatus: 401 }, 'unsafe outside_http_answers'],
    [{ answer: (_path, answer) => ({ ...answer, certificateEnd: now + 86_400_000 }) }, 'warning outside_certificate_ends']
  ]
  for (const [fault, finding] of faults) t.strictSame(await look(fault), [finding], finding)
})

t.test('what clears text over the network is said, and not of one machine', async t => {
  t.ok((await look({ url: 'http://auth.example.com' })).includes('unsafe outside_clear_text'))
  t.notOk((await look({ url: 'http://localhost:3000' })).includes('unsafe outside_clear_text'))
})

t.test('with the operations token it shows the address that arrives, and whether a sender may choose it', async t => {
  const arrives = (address: string, forged = address): Fault => ({
    settings: { OPERATIONS_TOKEN: token, TRUST_PROXY: '10.0.0.0/8' },
    answer: (path, answer, question) => path === '/health/pool-stats'
      ? { ...answer, status: 200, headers: new Map([['latchkey-client', [`"${question?.headers?.['x-forwarded-for'] === undefined ? address : forged}";hops=1`]]]) }
      : answer
  })

  t.strictSame(await look(arrives('203.0.113.7')), ['info outside_address'])
  t.strictSame(await look(arrives('10.0.0.7')), ['unsafe outside_address_of_proxy'])
  t.strictSame(await look(arrives('203.0.113.7', '192.0.2.77')), ['unsafe outside_address_forgeable'])
  t.strictSame(await look({ settings: { OPERATIONS_TOKEN: token } }), ['unknown outside_address_unknown'], 'a proxy keeps the answer back')
})

t.test('the operations token is sent to the issuer alone, and encrypted', async t => {
  const seen: string[] = []
  const note = (path: string, answer: Answer, question?: Question) => {
    if (question?.headers?.['authorization'] !== undefined) seen.push(path)
    return answer
  }
  for (const url of ['https://login.example.com', 'http://auth.example.com']) await look({ url, settings: { OPERATIONS_TOKEN: token }, answer: note })
  t.strictSame(seen, [])
  await look({ settings: { OPERATIONS_TOKEN: token }, answer: note })
  t.ok(seen.includes('/health/pool-stats'))
})

/** The findings about a deployment that is sound but for one fault. */
async function look ({ settings = {}, url = origin, answer = (_path, answer) => answer, plainStatus = null }: Fault) {
  const ask: Ask = async (path, question) => answer(path, soundAnswer(path, question), question)
  const askPlain: Ask = async () => {
    if (plainStatus === null) throw new Error('ECONNREFUSED')
    return { ...soundAnswer('/'), status: plainStatus }
  }
  const config = loadConfig({ ...production(), ...settings })
  return (await lookFromOutside({ url: new URL(url), ask, askPlain, config, now })).map(({ severity, code }) => `${severity} ${code}`)
}

function soundAnswer (path: string, { method, headers: sent = {} }: Question = {}): Answer {
  const [cookie = ''] = sent['cookie']?.split('=') ?? []
  const status = path.startsWith('/health/') && !path.endsWith('stats') ? 200 : path.endsWith('/me') ? 401 : 404
  const headers = new Map([
    ['x-request-id', ['1']],
    ['strict-transport-security', ['max-age=63072000']],
    ['x-content-type-options', ['nosniff']],
    ['cache-control', ['no-store']],
    ['content-security-policy', ["default-src 'none'"]],
    ['set-cookie', method === 'POST' ? [`${cookie}=; Path=/; HttpOnly; Secure; SameSite=Strict`] : []]
  ])
  return { status, headers, body: '', certificateEnd: now + 60 * 86_400_000 }
}
