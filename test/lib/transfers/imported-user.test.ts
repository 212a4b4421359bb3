import t from 'tap'
import { readImportedUser } from '../../../lib/transfers/imported-user.ts'
import type { ImportRules } from '../../../lib/transfers/imported-user.ts'
import type { Role } from '../../../lib/access/role-store.ts'

const hash = '$2b$12$LZSJchsWG/DrBy1erNs4ee31eJ7DaWiuwhDOC7aqIyqGGggfu6Y/.'
const now = Date.parse('2026-06-01T12:00:00Z')
const optional = { factorPolicy: 'optional' as const, factorPolicyFrom: new Date(0) }
const roles = new Map<string, Role>([
  ['user', { name: 'user', rank: 10, userType: 'user', requiresApproval: false, selfRegistration: true, permissions: [], ...optional }],
  ['vendor', { name: 'vendor', rank: 20, userType: 'vendor', requiresApproval: true, selfRegistration: true, permissions: [], ...optional }]
])
const rules: ImportRules = {
  roles: { find: name => roles.get(name), forRegistration: userType => roles.get(userType) },
  passwords: { problemOf: stored => stored === hash ? null : 'is of no form that is known here' },
  emailVerification: 'required',
  allowedRoles: [],
  now
}

t.test('few fields are required; the rest is as for a person who signs up', t => {
  const user = read({ email: 'Ada@Example.COM', full_name: 'Ada King' })
  t.same(user.createdAt, new Date(now))
  t.match(user, {
    id: /^[0-9a-f-]{36}$/,
    email: 'Ada@example.com',
    emailCanonical: 'ada@example.com',
    fullName: 'Ada King',
    locale: 'en',
    role: 'user',
    emailVerified: false,
    passwordHash: null,
    status: 'active',
    approval: 'not_required',
    mustChangePassword: false
  })
  t.end()
})

t.test('every field that is given counts', t => {
  const created = '2019-03-01 09:30:00.123456+02'
  const user = read({ email: 'ada@example.com', full_name: 'Ada', role: 'vendor', locale: 'pt-BR', created_at: created, email_verified: 't', password_hash: hash })
  t.match(user, { role: 'vendor', locale: 'pt-BR', emailVerified: true, passwordHash: hash, approval: 'approved' })
  t.same(user.createdAt, new Date('2019-03-01T07:30:00.123Z'))
  t.match(read({ email: 'ada@example.com', full_name: 'Ada', role: 'vendor', approval: 'pending', status: 'disabled', must_change_password: true }), { approval: 'pending', status: 'disabled', mustChangePassword: true })
  t.end()
})

t.test('times are accepted as databases write them', t => {
  const times: [string, string][] = [
    ['2024-02-29', '2024-02-29T00:00:00.000Z'], ['2024-02-29T12:00Z', '2024-02-29T12:00:00.000Z'], ['2024-02-29t12:00:01.5z', '2024-02-29T12:00:01.500Z'],
    ['2024-02-29 12:00:00', '2024-02-29T12:00:00.000Z'], ['2024-02-29 12:00:00 +0530', '2024-02-29T06:30:00.000Z'], ['2024-02-29T12:00:00-05:00', '2024-02-29T17:00:00.000Z'],
    ['2024-02-29 12:00:00.123456789+00', '2024-02-29T12:00:00.123Z']
  ]
  for (const [text, expected] of times) t.equal(read({ email: 'a@example.com', full_name: 'A', created_at: text }).createdAt.toISOString(), expected, text)
  for (const text of ['yesterday', '2023-02-29', '2024-13-01', '2024-02-29T25:00Z', '29.02.2024', '02/29/2024', '1969-12-31', '1709208000', '2024-02-29T12:00:00+99:99', '2024-W09-4']) {
    t.throws(() => read({ email: 'a@example.com', full_name: 'A', created_at: text }), /created_at is not a time/, text)
  }
  t.throws(() => read({ email: 'a@example.com', full_name: 'A', created_at: '2026-06-02' }), /created_at is in the future/)
  t.end()
})

t.test('an unconfirmed address brings no password where addresses must be confirmed', t => {
  const values = { email: 'a@example.com', full_name: 'A', password_hash: hash }
  t.match(read({ ...values, email_verified: false }), { emailVerified: false, passwordHash: null })
  t.match(read({ ...values, email_verified: true }), { emailVerified: true, passwordHash: hash })
  t.match(readImportedUser({ ...values, email_verified: false }, { ...rules, emailVerification: 'optional' }), { emailVerified: false, passwordHash: hash })
  t.throws(() => read({ ...values, password_hash: 'md5', email_verified: false }), /password_hash is of no form/, 'and a hash that is none is refused all the same')
  t.end()
})

t.test('an empty password hash is no password', t => {
  for (const none of [undefined, null, '', '!', '!xyzRandomOfDjango']) t.equal(read({ email: 'a@example.com', full_name: 'A', email_verified: true, password_hash: none }).passwordHash, null)
  t.end()
})

t.test('an invalid value is refused with its field, and no part of the value is shown', t => {
  const wrong: [Record<string, unknown>, string][] = [
    [{ email: undefined }, 'email is missing'], [{ email: '' }, 'email is missing'], [{ email: 'SECRET' }, 'email is not an address'], [{ email: ['SECRET'] }, 'email is not text'],
    [{ email: 'SECRET @example.com' }, 'email is not an address'], [{ email: 'a@example.com\0' }, 'email is not an address'], [{ email: 'SECRÉT@example.com' }, 'email has a part before the @ that is not in ASCII'],
    [{ full_name: undefined }, 'full_name is not one line of 1 to 200 characters'], [{ full_name: '  ' }, 'full_name is not one line'], [{ full_name: 'SECRET\nx' }, 'full_name is not one line'],
    [{ full_name: 'x'.repeat(201) }, 'full_name is not one line'], [{ full_name: 'a\0' }, 'full_name is not one line'], [{ full_name: 'a\ud800' }, 'full_name is not one line'],
    [{ locale: 'SECRET_x' }, 'locale is not a language tag'], [{ locale: 'e' }, 'locale is not'], [{ locale: `en-${'abcdefgh-'.repeat(5)}x` }, 'locale is not'],
    [{ role: 'SECRET' }, 'role is none that there is'], [{ role: 1 }, 'role is not text'], [{ role: '__proto__' }, 'role is none'],
    [{ email_verified: 'SECRET' }, 'email_verified is neither true nor false'], [{ email_verified: 2 }, 'email_verified is neither'], [{ email_verified: {} }, 'email_verified is neither'],
    [{ password_hash: 'SECRET' }, 'password_hash is of no form'], [{ password_hash: 5 }, 'password_hash is not text'],
    [{ status: 'SECRET' }, 'status is none of active, disabled'], [{ approval: 'SECRET' }, 'approval is none of'], [{ must_change_password: 'SECRET' }, 'must_change_password is neither']
  ]
  for (const [values, reason] of wrong) {
    const error = caught(() => read({ email: 'a@example.com', full_name: 'A', ...values }))
    t.equal(error.constructor.name, 'RefusedLine')
    t.ok(error.message.startsWith(reason), `${JSON.stringify(values)}: ${error.message}`)
    t.notMatch(error.message, /SECRET/)
  }
  t.end()
})

t.test('a role that does more to others than read must be allowed', t => {
  const staff = { rank: 60, userType: 'staff' as const, requiresApproval: false, selfRegistration: false, ...optional }
  const clerk = { ...staff, name: 'clerk', permissions: ['users:read', 'audit:read'] }
  const chief = { ...staff, name: 'chief', permissions: ['users:read', 'users:approve'] }
  const read = (allowedRoles: string[], name: string) => readImportedUser(
    { email: 'a@example.com', full_name: 'A', role: name },
    { ...rules, allowedRoles, roles: { ...rules.roles, find: name => [clerk, chief].find(role => role.name === name) } }
  ).role

  t.equal(read([], 'clerk'), 'clerk')
  t.throws(() => read(['clerk'], 'chief'), /^role is one that must be allowed/)
  t.equal(read(['chief'], 'chief'), 'chief')
  t.end()
})

t.test('without a role that people register into, each line must name a role', t => {
  t.throws(() => readImportedUser({ email: 'a@example.com', full_name: 'A' }, { ...rules, roles: { ...rules.roles, forRegistration: () => undefined } }), /role is missing/)
  t.end()
})

function read (values: Record<string, unknown>) {
  return readImportedUser(values, rules)
}

function caught (work: () => unknown): Error {
  try {
    work()
  } catch (error) {
    if (error instanceof Error) return error
  }
  return new Error('nothing was thrown')
}
