// Replaces the package async-hook-domain in compiled tests. tap asks it to which test an uncaught error belongs. The
// package notes the end of every promise of the process for that, which takes up to a third of the time
// of a test. What node itself remembers of the origin of an error is enough.
import { AsyncLocalStorage } from 'node:async_hooks'

type ErrorType = 'uncaughtException' | 'unhandledRejection'
type Listener = (error: unknown, type: ErrorType) => void

const origin = new AsyncLocalStorage<Domain>()
let listening = 0

/** Receives the uncaught errors of everything that was begun after it was made, until it is destroyed. */
export class Domain {
  readonly onerror: Listener
  readonly #parent: Domain | undefined
  #isDestroyed = false

  constructor (onerror: Listener) {
    this.onerror = onerror
    this.#parent = origin.getStore()
    origin.enterWith(this)
    if (listening++ === 0) listen()
  }

  /** From now on the domain around this one receives the errors. */
  destroy (): void {
    if (this.#isDestroyed) return
    this.#isDestroyed = true
    if (--listening === 0) stopListening()
  }

  /** This domain, or the nearest around it that has not been destroyed. */
  get nearest (): Domain | undefined {
    return this.#isDestroyed ? this.#parent?.nearest : this
  }
}

function listen () {
  process.on('uncaughtException', tellOfException)
  process.on('unhandledRejection', tellOfRejection)
}

function stopListening () {
  process.off('uncaughtException', tellOfException)
  process.off('unhandledRejection', tellOfRejection)
}

function tellOfException (error: unknown) {
  tell('uncaughtException', error)
}

function tellOfRejection (error: unknown) {
  tell('unhandledRejection', error)
}

// Code under test that listens itself has dealt with the error. An error of no test ends the process.
function tell (type: ErrorType, error: unknown) {
  if (process.listenerCount(type) > 1) return
  const domain = origin.getStore()?.nearest
  if (domain) return domain.onerror(error, type)

  console.error(error)
  process.exit(1)
}
