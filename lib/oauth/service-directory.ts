import type { Cursors } from '../http/cursors.ts'
import type { ListedService, ServiceStore } from './service-store.ts'

export interface ServiceDirectoryParts {
  store: Pick<ServiceStore, 'list'>
  cursors: Cursors
}

export type ServiceDirectory = ReturnType<typeof createServiceDirectory>

/** What administrators see of the services. Secrets and their hashes are not read. */
export function createServiceDirectory ({ store, cursors }: ServiceDirectoryParts) {
  return { list }

  /**
   * A page of credentials, ordered by the name of their service, which may have several.
   * @throws Refusal `invalid_request` for a cursor of another list; `unavailable`
   */
  async function list ({ limit, cursor }: { limit: number, cursor?: string | undefined }) {
    const after = cursors.decrypt({}, cursor)
    const found = await store.list({ after, limit: limit + 1 })
    const page = found.slice(0, limit)
    const last = page.at(-1)
    return {
      services: page.map(present),
      next_cursor: found.length > limit && last ? cursors.encrypt({}, last) : null
    }
  }
}

function present ({ id, name, mayRevoke, mayFollow, createdAt }: ListedService) {
  return { id, name, may_revoke: mayRevoke, may_follow: mayFollow, created_at: createdAt.toISOString() }
}
