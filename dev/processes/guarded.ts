import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'

export interface GuardOptions {
  env?: NodeJS.ProcessEnv
  cwd?: string
  /** The signal that asks the command to end. */
  stopSignal?: 'INT' | 'TERM'
  /** Seconds that it may take to end before it is killed. */
  graceSeconds?: number
  /** Where its output goes: an open file, our own output, or a pipe. */
  output?: number | 'inherit' | 'pipe'
}

export interface Guarded {
  /** The command's own process, not the shell around it. */
  readonly pid: number
  readonly exited: Promise<number>
  /** The processor time of the command and of what it started and waited for; 0 when it was killed. */
  readonly cpuSeconds: Promise<number>
  readonly stdout: Readable | null
  readonly stderr: Readable | null
  stop (): Promise<number>
  kill (): Promise<number>
}

// The shell writes the command's process id to file 3. Then it waits until the command ends, or until our end of the
// pipe closes, which the kernel does however this process ends. In the end it writes to file 3 how much processor time
// was taken. A frozen command (SIGSTOP) is woken first, because it could not end otherwise.
const guard = `
signal=$1 tenths=$2; shift 2
exec 4<&0
"$@" </dev/null 3>&- 4<&- & command=$!
echo $command >&3
{
  while read -r line <&4; do :; done
  for child in $(cat /proc/$command/task/$command/children || pgrep -P $command); do kill -CONT $child; done
  kill -$signal $command
  kill -CONT $command
  while [ $tenths -gt 0 ] && kill -0 $command; do sleep 0.1; tenths=$((tenths - 1)); done
  kill -KILL 0
} >/dev/null 2>&1 3>&- & watch=$!
exec 4<&-
wait $command; code=$?
kill -KILL $watch 2>/dev/null
times >&3
exit $code
`

/**
 * Runs a command that cannot outlive this process: it is stopped when our end of a pipe closes,
 * also after `kill -9`. It has a process group of its own, so Ctrl-C reaches only us.
 */
export async function spawnGuarded (command: string[], options: GuardOptions = {}): Promise<Guarded> {
  const { env = process.env, cwd, stopSignal = 'TERM', graceSeconds = 10, output = 'inherit' } = options
  const shell = spawn('/bin/sh', ['-c', guard, 'guard', stopSignal, `${graceSeconds * 10}`, ...command], {
    env,
    detached: true,
    stdio: ['pipe', output, output, 'pipe'],
    ...(cwd === undefined ? {} : { cwd })
  })
  const exited = new Promise<number>((resolve, reject) => {
    shell.once('error', reject)
    shell.once('exit', code => { sweep(shell); resolve(code ?? 137) })
  })
  // A caller that only waits for the start must not leave an unhandled rejection.
  exited.catch(() => {})
  shell.stdin?.on('error', () => {})

  const announced = readAnnouncements(shell)
  const pid = await Promise.race([announced.pid, exited.then(() => Number.NaN)])

  return { pid, exited, cpuSeconds: announced.cpuSeconds, stdout: shell.stdout, stderr: shell.stderr, stop, kill }

  async function stop () {
    shell.stdin?.end()
    return await exited
  }

  async function kill () {
    signalGroup(shell, 'SIGKILL')
    return await exited
  }
}

function readAnnouncements (shell: ChildProcess) {
  const announcements = shell.stdio[3]
  if (announcements === null || announcements === undefined || !('setEncoding' in announcements)) {
    throw new Error('The guarding shell has no file 3')
  }
  let said = ''

  return {
    pid: new Promise<number>(resolve => {
      announcements.on('data', chunk => {
        said += String(chunk)
        if (said.includes('\n')) resolve(Number.parseInt(said))
      })
    }),
    cpuSeconds: new Promise<number>(resolve => announcements.once('close', () => resolve(childrenSeconds(said))))
  }
}

// The second line of `times` is about the children: `0m1.250000s 0m0.310000s`, of the user and of the system.
function childrenSeconds (said: string) {
  const times = said.trimEnd().split('\n').slice(2).join()
  return [...times.matchAll(/(\d+)m([\d.]+)s/g)]
    .reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0)
}

// Kills the processes that the command has left running in its group.
function sweep (shell: ChildProcess) {
  signalGroup(shell, 'SIGKILL')
  shell.stdin?.destroy()
}

function signalGroup ({ pid }: ChildProcess, signal: NodeJS.Signals) {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // The group has no process left.
  }
}
