import { acrOf } from '../tokens/assurance.ts'
import type { SessionSummary } from './session-store.ts'

/** A session as the API lists it. `currentId` is the id of the session that sent the request. */
export function presentSession (session: SessionSummary, currentId: string) {
  return {
    id: session.id,
    current: session.id === currentId,
    transport: session.transport,
    device_name: session.deviceName,
    user_agent: session.userAgent,
    ip: session.ip,
    amr: session.amr,
    acr: acrOf(session.amr),
    auth_time: session.authTime.toISOString(),
    created_at: session.createdAt.toISOString(),
    last_seen_at: session.lastSeenAt.toISOString(),
    expires_at: session.expiresAt.toISOString()
  }
}
