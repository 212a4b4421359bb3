import type { Finding } from '../config/warnings.ts'
import type { DatabaseFacts, Identity } from './database-store.ts'

/** The database of DATABASE_URL, and what is found through DATABASE_DIRECT_URL. */
export interface BothDatabases { main: Identity, direct: Identity, directFacts: Pick<DatabaseFacts, 'role' | 'schemaProblem'> }

export function judgeDirectUrl ({ main, direct, directFacts: { role, schemaProblem } }: BothDatabases): Finding[] {
  if (main.server !== direct.server || main.database !== direct.database) {
    return [{
      code: 'direct_url_elsewhere',
      severity: 'unsafe',
      setting: 'DATABASE_DIRECT_URL',
      message: `DATABASE_DIRECT_URL leads to another database (${direct.name}) than DATABASE_URL (${main.name}): ` +
        '`latchkey migrate` would bring that one up to date, and not the one that is used.',
      advice: 'Let both lead to the same database.'
    }]
  }
  if (schemaProblem !== null || role.ownsTables) return []
  return [{
    code: 'direct_url_not_owner',
    severity: 'warning',
    setting: 'DATABASE_DIRECT_URL',
    message: `The role ${role.name} of DATABASE_DIRECT_URL does not own the tables, so \`latchkey migrate\` will fail.`,
    advice: 'Let it connect as the owner of the tables.'
  }]
}
