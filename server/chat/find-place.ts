import { Channel } from '../channels/channel.ts'
import { ChannelFollow } from '../channels/channel-follow.ts'
import { isAdmin, isStaff, may, type Person } from '../courses/access.ts'
import { Course } from '../courses/course.ts'
import { findStanding } from '../courses/standing.ts'
import type { EntityManager } from '../db/orm.ts'
import { ChatBan } from './chat-ban.ts'
import { ChatEmote } from './chat-emote.ts'
import { ChatModerator } from './chat-moderator.ts'
import { ChatRoom } from './chat-room.ts'
import type { Place, RoomRules } from './host.ts'
import { type Rank, type RoomMode, ranks } from './protocol.ts'
import { parseRoom } from './room-id.ts'

/** Null when there is no such room. */
export async function findRules(em: EntityManager, room: string): Promise<RoomRules | null> {
  const parsed = parseRoom(room)
  if (!parsed) return null
  const isThere =
    parsed.kind === 'lobby' ||
    (await (parsed.kind === 'channel' ? em.count(Channel, { id: parsed.id }) : em.count(Course, { id: parsed.id }))) > 0
  if (!isThere) return null
  const settings = await em.findOne(ChatRoom, { id: room })
  const bans = await em.find(ChatBan, { room, $or: [{ until: null }, { until: { $gt: new Date() } }] })
  const emotes = await em.find(ChatEmote, { room }, { fields: ['name'] })
  return {
    blockedTerms: settings?.blockedTerms ?? [],
    emotes: emotes.map(({ name }) => name),
    settings: {
      slow: settings?.slow ?? 0,
      mode: settings?.mode ?? 'all',
      frozen: settings?.isFrozen ?? false,
      // In the lobby everybody may call to everybody, as on a square.
      notices: settings?.notices ?? (parsed.kind === 'lobby' ? 'everyone' : 'moderators'),
      emotes: settings?.emotesVersion ?? 0,
    },
    bans: bans.map(({ user, until }) => ({ uid: `u:${user.id}`, untilMs: until?.getTime() ?? 0 })),
  }
}

/**
 * What somebody is in a room: its channel's owner, its course's staff, a moderator, or one of many.
 *
 * @param account null for a guest
 * @returns null when they may not read there
 */
export async function findPlace(em: EntityManager, room: string, account: Person | null): Promise<Place | null> {
  if (account) return (await findPlaces(em, room, [account])).get(account.id) ?? null
  const parsed = parseRoom(room)
  if (!parsed || parsed.kind === 'course') return null
  const isThere = parsed.kind === 'lobby' || (await em.count(Channel, { id: parsed.id })) > 0
  return isThere ? placeOf(ranks.guest) : null
}

/**
 * What each of them is in a room, by account; a class that comes back together is looked up together. Who is missing may not
 * read there.
 */
export async function findPlaces(
  em: EntityManager,
  room: string,
  accounts: readonly Person[],
): Promise<Map<number, Place>> {
  const parsed = parseRoom(room)
  if (!parsed) return new Map()
  const moderators = await findModerators(em, room, accounts)
  if (parsed.kind === 'course') return findCoursePlaces(em, parsed.id, accounts, moderators)
  const channel = parsed.kind === 'channel' ? await em.findOne(Channel, { id: parsed.id }) : null
  if (parsed.kind === 'channel' && !channel) return new Map()
  const owner = channel?.owner.id
  const followers = channel ? await findFollowers(em, channel, accounts) : new Set()
  const learners = owner === undefined ? new Set() : await findLearners(em, owner, accounts)
  return new Map(
    accounts.map((account) => {
      const { id } = account
      if (isAdmin(account) || id === owner) return [id, placeOf(ranks.owner)]
      return [
        id,
        placeOf(moderators.has(id) ? ranks.moderator : ranks.member, [
          ...(followers.has(id) ? (['followers'] as const) : []),
          ...(learners.has(id) ? (['enrolled'] as const) : []),
        ]),
      ]
    }),
  )
}

async function findCoursePlaces(
  em: EntityManager,
  courseId: number,
  accounts: readonly Person[],
  moderators: ReadonlySet<number>,
): Promise<Map<number, Place>> {
  const places = new Map<number, Place>()
  const course = await em.findOne(Course, { id: courseId })
  if (!course) return places
  for (const account of accounts) {
    const standing = await findStanding(em, account, courseId)
    // Who appoints a course's assistants appoints its moderators.
    if (may(standing, 'assign_assistants', course)) places.set(account.id, placeOf(ranks.owner))
    else if (may(standing, 'moderate_chat', course)) places.set(account.id, placeOf(ranks.moderator))
    else if (standing.isEnrolled || isStaff(standing)) {
      places.set(account.id, placeOf(moderators.has(account.id) ? ranks.moderator : ranks.member, ['enrolled']))
    }
  }
  return places
}

function placeOf(rank: Rank, inner: readonly RoomMode[] = []): Place {
  return { rank, modes: rank === ranks.guest ? [] : ['all', 'emote', ...inner] }
}

function among(accounts: readonly Person[]): { $in: number[] } {
  return { $in: accounts.map(({ id }) => id) }
}

async function findModerators(em: EntityManager, room: string, accounts: readonly Person[]): Promise<Set<number>> {
  const found = await em.find(ChatModerator, { room, user: among(accounts) })
  return new Set(found.map(({ user }) => user.id))
}

async function findFollowers(em: EntityManager, channel: Channel, accounts: readonly Person[]): Promise<Set<number>> {
  const found = await em.find(ChannelFollow, { channel, user: among(accounts) })
  return new Set(found.map(({ user }) => user.id))
}

/** Those who have a place in a course that somebody teaches. */
async function findLearners(em: EntityManager, teacher: number, accounts: readonly Person[]): Promise<Set<number>> {
  const rows = await em.execute<{ user_id: number }[]>(
    `select distinct e.user_id from enrollment e
       join course_user_role r on r.course_id = e.course_id and r.user_id = ? and r.role = 'teacher'
      where e.user_id = any(?::int[]) and e.status in ('active', 'completed')`,
    [teacher, `{${accounts.map(({ id }) => id).join()}}`],
  )
  return new Set(rows.map(({ user_id }) => user_id))
}
