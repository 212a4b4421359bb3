import { createCompilers } from '../../plugins/http/server.ts'

/** Compiles a schema once for all nodes of a process. */
export const compilersFactory = createCompilers()
