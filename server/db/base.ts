import { randomBytes } from 'node:crypto'
import { p } from '@mikro-orm/core'

const timestamps = {
  createdAt: p.datetime().onCreate(() => new Date()),
  updatedAt: p
    .datetime()
    .onCreate(() => new Date())
    .onUpdate(() => new Date()),
}

/** Properties every account and course table has. */
export const base = { id: p.integer().primary(), ...timestamps }

/** Of broadcasts, recordings and whatever else is named in a public URL: its id cannot be guessed. */
export const unguessable = {
  id: p
    .string()
    .length(24)
    .primary()
    .onCreate(() => newId()),
  ...timestamps,
}

/** 96 random bits as 24 hex digits, the form that path tokens and object keys know. */
export function newId(): string {
  return randomBytes(12).toString('hex')
}
