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
  const parsed = parseRoom(room)
  if (!parsed) return null
  if (parsed.kind === 'course') return findCoursePlace(em, room, parsed.id, account)
  const channel = parsed.kind === 'channel' ? await em.findOne(Channel, { id: parsed.id }) : null
  if (parsed.kind === 'channel' && !channel) return null
  if (account === null) return placeOf(ranks.guest)
  if (isAdmin(account) || channel?.owner.id === account.id) return placeOf(ranks.owner)
  const rank = (await isModerator(em, room, account)) ? ranks.moderator : ranks.member
  if (!channel) return placeOf(rank)
  const isFollower = (await em.count(ChannelFollow, { channel, user: account.id })) > 0
  const isLearner = await learnsFrom(em, account, channel.owner.id)
  return placeOf(rank, [...(isFollower ? (['followers'] as const) : []), ...(isLearner ? (['enrolled'] as const) : [])])
}

async function findCoursePlace(
  em: EntityManager,
  room: string,
  courseId: number,
  account: Person | null,
): Promise<Place | null> {
  const course = await em.findOne(Course, { id: courseId })
  if (!course || !account) return null
  const standing = await findStanding(em, account, courseId)
  // Who appoints a course's assistants appoints its moderators.
  if (may(standing, 'assign_assistants', course)) return placeOf(ranks.owner)
  if (may(standing, 'moderate_chat', course)) return placeOf(ranks.moderator)
  if (!standing.isEnrolled && !isStaff(standing)) return null
  return placeOf((await isModerator(em, room, account)) ? ranks.moderator : ranks.member, ['enrolled'])
}

function placeOf(rank: Rank, inner: readonly RoomMode[] = []): Place {
  return { rank, modes: rank === ranks.guest ? [] : ['all', 'emote', ...inner] }
}

async function isModerator(em: EntityManager, room: string, { id }: Person): Promise<boolean> {
  return (await em.count(ChatModerator, { room, user: id })) > 0
}

/** Whether they have a place in a course that somebody teaches. */
async function learnsFrom(em: EntityManager, { id }: Person, teacherId: number): Promise<boolean> {
  const rows = await em.execute(
    `select 1 from enrollment e
       join course_user_role r on r.course_id = e.course_id and r.user_id = ? and r.role = 'teacher'
      where e.user_id = ? and e.status in ('active', 'completed') limit 1`,
    [teacherId, id],
  )
  return rows.length > 0
}
