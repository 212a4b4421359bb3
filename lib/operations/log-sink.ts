/** What pino writes to: lines kept in memory until there are enough of them. */
interface Destination { write (data: never): boolean }

/** Makes a destination, as pino does. */
type Make<D extends Destination> = (options: { minLength: number, maxWrite: number, periodicFlush: number, sync: false, contentMode: 'buffer' }) => D

/**
 * Writes lines many at a time, at the latest after a tenth of a second and at the end of the process. They
 * are handed on as bytes: of text the library would count all that waits anew with every line.
 */
export function createLogSink<D extends Destination> (makeDestination: Make<D>): { write (line: string): void } {
  const destination: { write (data: Buffer): boolean } = makeDestination({ minLength: 64_000, maxWrite: 128_000, periodicFlush: 100, sync: false, contentMode: 'buffer' })
  return { write (line) { destination.write(Buffer.from(line)) } }
}
