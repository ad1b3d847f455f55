import type { ZodType } from 'zod'
import { User } from '../accounts/user.ts'
import type { Viewer } from '../accounts/viewer.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import type { Operation } from './api.ts'

/** What our middleware puts on `ctx.state` for every request. */
export interface RequestState {
  em: EntityManager
  viewer: Viewer | null
  /** The visitor's, from our own proxy. */
  address: string
  requestId: string
  /** The route that answers, once it is found. */
  operation?: Operation
}

/** @throws {DomainError} `not_signed_in` */
export function requireViewer(state: Pick<RequestState, 'viewer'>): Viewer {
  if (!state.viewer) throw new DomainError('not_signed_in')
  return state.viewer
}

/**
 * The account's own role, before anything else is looked at.
 *
 * @throws {DomainError} `not_signed_in`, `forbidden`
 */
export function requireAccess(state: Pick<RequestState, 'viewer'>, access: Operation['access']): void {
  if (access === 'anyone') return
  const { role } = requireViewer(state)
  if (access === 'admin' && role !== 'admin') throw new DomainError('forbidden')
}

/** The viewer's account row, for operations that change something. */
export async function requireUser(state: Pick<RequestState, 'em' | 'viewer'>): Promise<User> {
  const { id } = requireViewer(state)
  const user = await state.em.findOne(User, { id })
  if (!user?.maySignIn()) throw new DomainError('not_signed_in')
  return user
}

/** @throws {DomainError} `invalid_input` with what is wrong, field by field */
export function parse<T>(schema: ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  throw new DomainError('invalid_input', { issues: result.error.issues })
}

/** A body of JSON: `{}` when nothing was sent. */
export function parseBody<T>(schema: ZodType<T>, body: unknown): T {
  return parse(schema, body ?? {})
}
