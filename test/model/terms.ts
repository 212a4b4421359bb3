/** Durations and times in milliseconds. */
export const second = 1000
export const minute = 60 * second
export const terms = {
  grace: 30 * second,
  accessTokenTtl: 15 * minute,
  refreshTokenTtl: 240 * minute,
  sessionTtl: 1440 * minute,
  sessionsMax: 10,
  secondFactorMaxAge: null
}
export const start = 1_700_000_000_000

export const sessionIds = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'] as const
