import type { Command, Input, Result, Surroundings } from './support/command.ts'
import { progress } from './support/progress.ts'
import { withApp } from './support/with-app.ts'

const cleanUp: Command = {
  usage: 'clean-up',
  help: 'removes expired data now, as the servers do every hour',
  options: {},
  positionals: 0,
  run
}
export default cleanUp

/** The shortest time between two lines of progress. */
const reportIntervalMs = 1000

async function run (_input: Input, surroundings: Surroundings): Promise<Result> {
  return await withApp(surroundings, async app => {
    let reportedAt = performance.now()
    const { removed } = await app.cleanUp.run({
      report (kind, rows) {
        if (performance.now() - reportedAt < reportIntervalMs) return
        reportedAt = performance.now()
        progress(surroundings.stderr, `${nameOf(kind)}: ${rows} removed so far …`)
      }
    })

    const parts = Object.entries(removed)
      .filter(([, rows]) => rows > 0)
      .map(([kind, rows]) => `${rows} ${nameOf(kind)}`)
    return {
      text: parts.length > 0 ? `Removed: ${parts.join(', ')}.` : 'There was nothing to remove.',
      data: { removed }
    }
  })
}

function nameOf (kind: string) {
  return kind.replaceAll('_', ' ')
}
