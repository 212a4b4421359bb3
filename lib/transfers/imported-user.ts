import { randomUUID } from 'node:crypto'
import { canonicalise, isDeliverable } from '../users/email-address.ts'
import { parseFullName } from '../users/full-name.ts'
import type { Passwords } from '../passwords/passwords.ts'
import type { Role } from '../access/role-store.ts'
import type { Roles } from '../access/roles.ts'
import type { ImportedUser } from './transfer-store.ts'
import type { UserField, UserValues } from './files.ts'

/** A line of a file that gives no account, and why. The message quotes nothing of the line. */
export class RefusedLine extends Error {}

export interface ImportRules {
  roles: Pick<Roles, 'find' | 'forRegistration'>
  passwords: Pick<Passwords, 'problemOf'>
  emailVerification: 'required' | 'optional'
  /** The powerful roles that the operator lets the file grant. */
  allowedRoles: readonly string[]
  /** Milliseconds since 1970. No account may be younger. */
  now: number
}

// The same rule as in the API.
const locale = /^(?=.{2,35}$)[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/
const time = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?) ?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i

/**
 * The account that a line of a file stands for.
 * @throws RefusedLine
 */
export function readImportedUser (
  values: UserValues, { roles, passwords, emailVerification, allowedRoles, now }: ImportRules
): ImportedUser {
  const address = canonicalise(textOf(values, 'email') ?? refuse('email is missing'))
  const fullName = parseFullName(textOf(values, 'full_name') ?? '')
  const language = textOf(values, 'locale') ?? 'en'
  const role = roleOf(textOf(values, 'role'))
  const emailVerified = claimOf(values, 'email_verified')
  const passwordHash = hashOf(textOf(values, 'password_hash'))

  if (!address) return refuse('email is not an address')
  if (!isDeliverable(address)) return refuse('email has a part before the @ that is not in ASCII')
  if (fullName === null) return refuse('full_name is not one line of 1 to 200 characters')
  if (!locale.test(language)) return refuse('locale is not a language tag, such as en or pt-BR')

  return {
    id: randomUUID(),
    email: address.address,
    emailCanonical: address.canonical,
    emailVerified,
    // In the other system somebody may have used the address of somebody else. So where addresses must be confirmed,
    // an unconfirmed one comes without its password, and a reset by mail is the way in.
    passwordHash: emailVerified || emailVerification === 'optional' ? passwordHash : null,
    fullName,
    locale: language,
    role: role.name,
    status: oneOf(values, 'status', ['active', 'disabled']) ?? 'active',
    // A user who had an account elsewhere counts as approved, unless the file says otherwise.
    approval: oneOf(values, 'approval', ['not_required', 'pending', 'approved', 'rejected']) ??
      (role.requiresApproval ? 'approved' : 'not_required'),
    mustChangePassword: claimOf(values, 'must_change_password'),
    createdAt: timeOf(textOf(values, 'created_at'))
  }

  // The file comes from another system, where somebody else decided who has power over others. Here the operator does.
  function roleOf (name: string | null): Role {
    const role = name === null ? roles.forRegistration('user') : roles.find(name)
    if (!role) return refuse(name === null ? 'role is missing' : 'role is none that there is')

    const isAllowed = !changesOthers(role) || allowedRoles.includes(role.name)
    return isAllowed ? role : refuse('role is one that must be allowed by --allow-role')
  }

  // Django marks an account without a password by an exclamation mark.
  function hashOf (text: string | null): string | null {
    if (text === null || text.startsWith('!')) return null
    const problem = passwords.problemOf(text)
    return problem === null ? text : refuse(`password_hash ${problem}`)
  }

  function timeOf (text: string | null): Date {
    if (text === null) return new Date(now)
    const [, day, clock = '00:00', zone = 'Z'] = time.exec(text) ?? []
    const offset = zone.length === 3 ? `${zone}:00` : zone.replace(/^(...)(\d\d)$/, '$1:$2').toUpperCase()
    const at = new Date(`${day}T${clock}${offset}`)

    if (day === undefined || !isDay(day) || Number.isNaN(at.getTime())) {
      return refuse('created_at is not a time, such as 2024-02-29T12:00:00Z')
    }
    return at.getTime() > now ? refuse('created_at is in the future') : at
  }
}

/** Whether the role may do more to others than read about them. */
function changesOthers ({ permissions }: Role) {
  return permissions.some(permission => !permission.endsWith(':read'))
}

function textOf (values: UserValues, field: UserField): string | null {
  const value = values[field] ?? ''
  if (typeof value !== 'string') return refuse(`${field} is not text`)
  return value === '' ? null : value
}

function claimOf (values: UserValues, field: UserField): boolean {
  const value = String(values[field] ?? '').toLowerCase()
  if (['true', 't', '1', 'yes'].includes(value)) return true
  return ['', 'false', 'f', '0', 'no'].includes(value) ? false : refuse(`${field} is neither true nor false`)
}

function oneOf<T extends string> (values: UserValues, field: UserField, words: T[]): T | null {
  const text = textOf(values, field)
  return text === null ? null : words.find(word => word === text) ?? refuse(`${field} is none of ${words.join(', ')}`)
}

/** Whether the calendar has this day, from 1970 on. */
function isDay (day: string) {
  const at = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(day) && day >= '1970'
}

function refuse (reason: string): never {
  throw new RefusedLine(reason)
}
