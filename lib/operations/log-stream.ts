import type { LogFile } from './log-sink.ts'

/** What is needed of a stream, such as `process.stdout`. */
export interface LogStream {
  write (data: Uint8Array, encoding: 'utf8', done?: (error?: Error | null) => void): unknown
}

/**
 * A stream in place of a file descriptor. A process manager that runs workers of `node:cluster` replaces the `write` of
 * their standard output, and file descriptor 1 would lead into its own log.
 */
export function logStream (stream: LogStream): LogFile {
  return {
    write (_fd, data, done) {
      stream.write(data, 'utf8', error => done(error ?? null, data.length))
    },
    writeSync (_fd, data) {
      stream.write(data, 'utf8')
      return data.length
    }
  }
}
