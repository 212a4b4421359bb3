import type { SessionSummary } from './session-store.ts'

/** A session as people see one in a list; `current` is the one that asks. */
export function presentSession (session: SessionSummary, current: string) {
  return {
    id: session.id,
    current: session.id === current,
    transport: session.transport,
    device_name: session.deviceName,
    user_agent: session.userAgent,
    ip: session.ip,
    created_at: session.createdAt.toISOString(),
    last_seen_at: session.lastSeenAt.toISOString(),
    expires_at: session.expiresAt.toISOString()
  }
}
