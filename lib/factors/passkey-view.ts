import type { Passkey } from './passkey-store.ts'

/** A passkey as its owner sees it: never the key. */
export function presentPasskey (passkey: Passkey) {
  const { id, name, createdAt, lastUsedAt, backedUp, userVerified, aaguid } = passkey
  return {
    id,
    name,
    created_at: createdAt.toISOString(),
    last_used_at: lastUsedAt?.toISOString() ?? null,
    backed_up: backedUp,
    user_verified: userVerified,
    aaguid
  }
}
