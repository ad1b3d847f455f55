import { Profile } from '../accounts/profile.ts'
import { User } from '../accounts/user.ts'
import { Channel } from '../channels/channel.ts'
import { may, type Person } from '../courses/access.ts'
import { Course } from '../courses/course.ts'
import { findStanding } from '../courses/standing.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { findPlace } from './find-place.ts'
import type { Place } from './host.ts'
import { mayAct } from './moderate.ts'
import { type Rank, ranks } from './protocol.ts'
import { parseRoom } from './room-id.ts'

/** Somebody who does something in a room, as its lines name them. */
export interface Doer {
  id: number
  name: string
  place: Place
}

/**
 * What somebody is in a room, when that is enough. A room whose very course they may not see counts as missing.
 *
 * @throws {DomainError} `room_not_found`, `not_signed_in`, `forbidden`
 */
export async function requireRoom(
  em: EntityManager,
  person: Person | null,
  room: string,
  rank: Rank = ranks.guest,
): Promise<Place> {
  const place = await findPlace(em, room, person)
  if (!place && !(await isSeen(em, person, room))) throw new DomainError('room_not_found')
  if (place && place.rank >= rank) return place
  throw new DomainError(person ? 'forbidden' : 'not_signed_in')
}

/** @throws {DomainError} those of `requireRoom` */
export async function requireDoer(em: EntityManager, person: Person, room: string, rank: Rank): Promise<Doer> {
  const place = await requireRoom(em, person, room, rank)
  const { displayName } = await em.findOneOrFail(Profile, { user: person.id })
  return { id: person.id, name: displayName, place }
}

/**
 * The account that something is to be done to.
 *
 * @throws {DomainError} `user_not_found`; `forbidden` when they stand as high as who does it
 */
export async function requireTarget(em: EntityManager, room: string, by: Doer, userId: number): Promise<User> {
  const user = await em.findOne(User, { id: userId })
  if (!user) throw new DomainError('user_not_found')
  if (user.maySignIn() && !mayAct(by.place, await findPlace(em, room, user))) throw new DomainError('forbidden')
  return user
}

/** What a room is called; empty for the lobby. */
export async function titleOf(em: EntityManager, room: string): Promise<string> {
  const parsed = parseRoom(room)
  if (parsed?.kind === 'channel') return (await em.findOneOrFail(Channel, { id: parsed.id })).title
  if (parsed?.kind === 'course') return (await em.findOneOrFail(Course, { id: parsed.id })).title
  return ''
}

/** Of a room that they may not read in: whether they may know that it is there. */
async function isSeen(em: EntityManager, person: Person | null, room: string): Promise<boolean> {
  const parsed = parseRoom(room)
  if (parsed?.kind !== 'course') return false
  const course = await em.findOne(Course, { id: parsed.id })
  return course !== null && may(await findStanding(em, person, course.id), 'view', course)
}
