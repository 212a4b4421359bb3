import type { Clock } from '../lib/clock.ts'
import type { Config } from '../lib/config/config.ts'
import type { Hasher } from '../lib/passwords/passwords.ts'

/** What every feature is handed: it gives each of its plugins its own group of the settings. */
export interface FeatureOptions {
  config: Config
  clock: Clock
  /** Whether this process does the deployment's jobs; the commands do not. */
  workers: boolean
  /** Instead of argon2id's binding: tests hand in one that counts or costs less. */
  hasher?: Hasher | undefined
}
