import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import t from 'tap'

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }

t.test('one command publishes every package, with the options that it is given', async t => {
  const { status, stdout } = publish('echo "$@"', '--dry-run --tag next')

  t.equal(status, 0)
  t.strictSame(stdout.trim().split('\n'), ['javascript', 'verifier'].map(name => `publish --access public --dry-run --tag next ./clients/${name}`))
})

t.test('a package that cannot be published ends it', async t => {
  const { status, stdout } = publish('echo "$@"; exit 3', '')

  t.equal(status, 1)
  t.strictSame(stdout.trim().split('\n'), ['publish --access public ./clients/javascript'])
})

/** Runs the command as `npm run publish:clients -- …` does, with a program of ours in the place of npm. */
function publish (npm: string, given: string) {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-npm-'))
  writeFileSync(join(folder, 'npm'), `#!/bin/sh\n${npm}\n`)
  chmodSync(join(folder, 'npm'), 0o755)
  return spawnSync('sh', ['-c', `${scripts['publish:clients']} ${given}`], {
    env: { PATH: `${folder}${delimiter}${process.env['PATH']}` }, encoding: 'utf8'
  })
}
