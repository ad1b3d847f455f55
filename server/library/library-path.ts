const LONGEST_BYTES = 1024
const extension = /\.([a-z0-9]{1,8})$/

/**
 * A path within the library is what somebody called a file: any script, any character but those that would make it
 * mean another file somewhere.
 *
 * @returns what is wrong with it, or null
 */
export function problemOfPath(path: string): string | null {
  if (path.includes('\0')) return 'its name has a NUL character'
  if (!path.isWellFormed()) return 'its name is not valid Unicode'
  if (path.split('/').some((part) => part === '' || part === '.' || part === '..')) return 'its path leads elsewhere'
  if (Buffer.byteLength(path) > LONGEST_BYTES) return `its path is longer than ${LONGEST_BYTES} bytes`
  return null
}

/**
 * The object of a content. Its name is the content's hash, so equal files are one object, an object can be checked
 * without asking anybody, and no name that somebody typed gets into a key; the extension only tells a server its type.
 */
export function objectKey(sha256: string, path: string): string {
  const [, type] = extension.exec(path.toLowerCase()) ?? []
  return `library/${sha256.slice(0, 2)}/${sha256}${type ? `.${type}` : ''}`
}

/** Of an object below `library/`; null of what was not made by `objectKey`. */
export function hashOfKey(key: string): string | null {
  const [, head, sha256] = /^library\/([0-9a-f]{2})\/([0-9a-f]{64})(?:\.[a-z0-9]{1,8})?$/.exec(key) ?? []
  return sha256?.startsWith(head ?? '-') ? sha256 : null
}

/** The folder that a file is counted under: `videos/reminders/`; at most so deep. */
export function categoryOf(path: string, depth = Number.POSITIVE_INFINITY): string {
  const folders = path.split('/').slice(0, -1).slice(0, depth)
  return folders.length === 0 ? '(no folder)' : `${folders.join('/')}/`
}

/** Equal for names that a disk without a difference of case, or one that normalises them, takes for one. */
export function foldedPath(path: string): string {
  return path.normalize('NFC').toLowerCase()
}

/** `a/b` → `a/b/`, and nothing stays nothing. */
export function folderPrefix(prefix: string): string {
  const bare = prefix.replace(/^\/+|\/+$/g, '')
  return bare === '' ? '' : `${bare}/`
}

/** For a terminal: what would move the cursor, turn the direction or not be seen is written out. */
export function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)
}
