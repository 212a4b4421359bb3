import type { Clock } from '../lib/clock.ts'
import type { Config } from '../lib/config/config.ts'
import type { Hasher } from '../lib/passwords/passwords.ts'

/** The options of every feature. It hands each of its plugins that plugin's own group of the settings. */
export interface FeatureOptions {
  config: Config
  clock: Clock
  /** Whether this process does the deployment's jobs. The server does, a command does not. */
  workers: boolean
  /** Replaces argon2id's binding. Tests hand in a hasher that counts or that costs less. */
  hasher?: Hasher | undefined
  /** The version of the schema that the code counts as written for. Tests stand for other versions of the code. */
  schemaVersion?: number | undefined
}
