import { permissions } from '../../routes/schemas/role.ts'
import { withMarkedText } from './marked-text.ts'

/** A role as `GET /roles` answers it. */
interface Role {
  name: string
  rank: number
  requires_approval: boolean
  self_registration: boolean
  permissions: string[]
}

const markers = {
  begin: '<!-- Made by `node --import tsx dev/permissions.ts` from the roles of a new deployment. -->',
  end: '<!-- Until here. -->',
  part: 'matrix'
}

/**
 * Replaces the text between the two markers of a page by the permissions of these roles.
 * @throws Error for a page without exactly one pair of markers
 */
export function withPermissionMatrix (page: string, roles: Role[]): string {
  return withMarkedText(page, renderMatrix(roles), markers)
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
