/**
 * The longest ACCESS_TOKEN_TTL that may be set (ms). Whatever has to outlive every access token is derived from it, not
 * from the setting: nodes may have different ones, and a token of yesterday's setting may still be valid.
 */
export const accessTokenTtlMaxMs = 3_600_000
