import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'

/**
 * Bytes that this process may use: what its container (cgroup) allows, or the memory of the machine if that is less.
 * @param constrained the limit of the container; 0 if there is none
 */
export function memoryLimitBytes (constrained = process.constrainedMemory(), total = totalmem()): number {
  return constrained > 0 ? Math.min(constrained, total) : total
}

/** Bytes that the objects of JavaScript may take in total. Beyond it the process ends. */
export function heapLimitBytes (): number {
  return getHeapStatistics().heap_size_limit
}
