const shape = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/
const LONGEST = 512

/**
 * Keys are made by us, so a bad one is a bug: no part begins with a dot, so neither `..` nor a store's own hidden
 * folder can be named.
 *
 * @throws {TypeError}
 */
export function requireKey(key: string): void {
  if (key.length > LONGEST || !shape.test(key)) throw new TypeError(`not an object key: ${JSON.stringify(key)}`)
}

/** As `requireKey`; the last part may be unfinished or empty. @throws {TypeError} */
export function requirePrefix(prefix: string): void {
  if (prefix !== '') requireKey(prefix.replace(/\/$/, ''))
}
