import { createHmac } from 'node:crypto'

/**
 * The secret in a mailed link, made of the random name of its AuthToken row and a key that the database does not have.
 * So neither the table nor the queue holds anything to sign in with, and a mail that is tried again has the same link.
 */
export function linkToken(family: string, secret: string): string {
  return createHmac('sha256', secret).update(`mailed-link:${family}`).digest('base64url')
}
