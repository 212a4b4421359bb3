import { existsSync, readFileSync, statfsSync } from 'node:fs'
import { freemem } from 'node:os'

const sharedMemory = '/dev/shm'
/** A whole run keeps less than 2 GB of files at a time, and its processes need memory as well. */
const freeMinBytes = 6 * 1024 ** 3

/**
 * A folder whose files are in memory; undefined where there is none with room in which programs may run.
 *
 * A test copies a database, which is some 400 files, several hundred times in a run. On ext4 the creation of those
 * files was more than half of all the time that Postgres used.
 */
export function memoryFolder (): string | undefined {
  return existsSync('/proc/mounts') && runsPrograms() && freeBytes() >= freeMinBytes ? sharedMemory : undefined
}

function runsPrograms () {
  const [, , type, options = ''] = mounts().find(([, place]) => place === sharedMemory) ?? []
  return type === 'tmpfs' && !options.split(',').includes('noexec')
}

// Each line: device, place, type, options.
function mounts () {
  return readFileSync('/proc/mounts', 'utf8').split('\n').map(line => line.split(' '))
}

function freeBytes () {
  const { bavail, bsize } = statfsSync(sharedMemory)
  return Math.min(freemem(), bavail * bsize)
}
