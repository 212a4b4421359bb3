/** A destination of pino that keeps lines in memory until there are enough of them. */
interface Destination { write (data: never): boolean }

/** Makes a destination, as pino does. */
type Make<D extends Destination> = (options: {
  minLength: number
  maxWrite: number
  periodicFlush: number
  sync: false
  contentMode: 'buffer'
}) => D

/**
 * Writes many lines at a time, at the latest after a tenth of a second and at the end of the process. It hands on bytes
 * and not text, because the library would measure all waiting text again with every line.
 */
export function createLogSink<D extends Destination> (makeDestination: Make<D>): { write (line: string): void } {
  const destination: { write (data: Buffer): boolean } = makeDestination({
    minLength: 64_000,
    maxWrite: 128_000,
    periodicFlush: 100,
    sync: false,
    contentMode: 'buffer'
  })
  return { write (line) { destination.write(Buffer.from(line)) } }
}
