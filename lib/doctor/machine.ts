import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Finding } from '../config/warnings.ts'

/** What of the machine matters. A figure that cannot be known here is null. */
export interface Machine {
  /** The user of this process; 0 is root. */
  userId: number | null
  /** How many files and sockets this process may have open. */
  openFilesMax: number | null
  /** The file of settings, if one is read, and its permissions. */
  settingsFile: { name: string, mode: number } | null
}

/** A request takes a socket from the client and up to two to the stores. */
const openFilesMin = 1024
/** The permissions of everybody but the owner and the group. */
const othersMask = 0o007

/** @param settingsFile the path of the file from which settings are read, whether it exists or not */
export function readMachine (directory: string, settingsFile: string | null): Machine {
  return {
    userId: process.getuid?.() ?? null,
    openFilesMax: readOpenFilesMax(),
    settingsFile: settingsFile === null ? null : readMode(directory, settingsFile)
  }
}

export function judgeMachine ({ userId, openFilesMax, settingsFile }: Machine): Finding[] {
  const findings: Finding[] = []

  if (settingsFile !== null && (settingsFile.mode & othersMask) !== 0) {
    findings.push({
      code: 'settings_file_open',
      severity: 'unsafe',
      message: `Every user of this machine can open ${settingsFile.name}, which holds the keys of the deployment.`,
      advice: `chmod 600 ${settingsFile.name}`
    })
  }
  if (userId === 0) {
    findings.push({
      code: 'runs_as_root',
      severity: 'warning',
      message: 'This process runs as root. An error in any library would then cost the whole machine.',
      advice: 'Run Latchkey as a user of its own, which needs no rights. If only this command runs as root, all is well.'
    })
  }
  if (openFilesMax !== null && openFilesMax < openFilesMin) {
    findings.push({
      code: 'few_open_files',
      severity: 'warning',
      message: `The process may have ${openFilesMax} files and sockets open. A few hundred clients use them up.`,
      advice: 'Raise the limit: LimitNOFILE=65536 in a unit of systemd, --ulimit nofile=65536 for a container.'
    })
  }
  return findings
}

/** Linux only. Node raises the soft limit to the hard one by itself. */
function readOpenFilesMax (): number | null {
  try {
    const [, limit] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return limit === undefined ? null : Number(limit)
  } catch {
    return null
  }
}

function readMode (directory: string, name: string) {
  try {
    return { name, mode: statSync(join(directory, name)).mode }
  } catch {
    return null
  }
}
