import { permissions } from '../../routes/schemas/role.ts'

/** A role as `GET /roles` answers it. */
interface Role {
  name: string
  rank: number
  requires_approval: boolean
  self_registration: boolean
  permissions: string[]
}

const begin = '<!-- Made by `node --import tsx dev/permissions.ts` from the roles of a new deployment. -->'
const end = '<!-- Until here. -->'

/**
 * Replaces the text between the two markers of a page by the permissions of these roles.
 * @throws Error for a page without exactly one pair of markers
 */
export function withPermissionMatrix (page: string, roles: Role[]): string {
  const [before, rest, ...more] = page.split(begin)
  const [, after, ...others] = rest?.split(end) ?? []
  if (before === undefined || after === undefined || more.length + others.length > 0) {
    throw new Error('The page has not one place for the matrix')
  }
  return [before, begin, '\n\n', renderMatrix(roles), '\n\n', end, after].join('')
}

function renderMatrix (roles: Role[]): string {
  const head = ['role', 'rank', ...permissions.map(permission => `\`${permission}\``), 'comes in by']
  const rows = roles.map(role => [
    `\`${role.name}\``,
    role.rank,
    ...permissions.map(permission => role.permissions.includes(permission) ? '✓' : ''),
    entrance(role)
  ])
  return [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

function entrance (role: Role): string {
  if (!role.self_registration) return 'an invitation'
  return role.requires_approval ? 'signing up, then an approval' : 'signing up'
}
