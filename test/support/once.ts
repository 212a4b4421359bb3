/**
 * Opens something for all tests of a file when the first of them asks for it. If that fails, each test that asks fails
 * with the reason, and what was opened until then is closed at the end of the file.
 *
 * Do not open it outside of the tests instead: tap ends the file when such a promise is rejected, and never runs a
 * teardown that is registered later, so a browser that is still starting at that moment keeps the process alive.
 */
export function openOnce<T> (open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | undefined

  return () => {
    opened ??= open()
    return opened
  }
}
