import { aboutSetting } from '../config/warnings.ts'
import { ConfigError, listWarnings, loadConfig } from '../config/config.ts'
import type { Config, Environment } from '../config/config.ts'
import type { Finding } from '../config/warnings.ts'

/**
 * The configuration that these settings make, with what is risky about them. Null if the server would refuse them;
 * then the findings say why.
 */
export function examineSettings (env: Environment): { config: Config | null, findings: Finding[] } {
  try {
    return { config: loadConfig(env), findings: listWarnings(env) }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { config: null, findings: error.problems.map(([setting, problem]) => refused(setting, problem)) }
  }
}

function refused (setting: string, problem: string): Finding {
  return aboutSetting(
    'setting_refused', 'unsafe', setting, problem, 'The server does not start with it. .env.example explains every setting.'
  )
}
