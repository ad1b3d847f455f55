/** Why a command cannot go on, in a sentence for whoever started it. */
export class LibraryError extends Error {
  override readonly name = 'LibraryError'
}
