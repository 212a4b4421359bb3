import { randomBytes } from 'node:crypto'
import { ConfigError, loadConfig } from '../../lib/config/config.ts'
import type { Environment } from '../../lib/config/config.ts'

/** The smallest set of settings that production needs. */
export function production (): Environment {
  return {
    NODE_ENV: 'production',
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    DATABASE_URL: 'postgres://latchkey:pw@db.example.com/latchkey?sslmode=verify-full',
    REDIS_URL: 'rediss://:pw@redis.example.com',
    ISSUER_URL: 'https://auth.example.com'
  }
}

/** The smallest set of settings with which production does all of its work. */
export function sound (): Environment {
  return { ...production(), TRUST_PROXY: '10.0.0.1', SMTP_URL: 'smtps://latchkey:pw@mail.example.com' }
}

/** The message about the wrong settings, or that there is none. */
export function problemsOf (env: Environment): string {
  try {
    loadConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return 'no problem'
}
