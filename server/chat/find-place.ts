import type { Role } from '../accounts/roles.ts'
import { Channel } from '../channels/channel.ts'
import { isAdmin, isStaff, may } from '../courses/access.ts'
import { Course } from '../courses/course.ts'
import { findStanding } from '../courses/standing.ts'
import type { EntityManager } from '../db/orm.ts'
import { ChatBan } from './chat-ban.ts'
import { ChatModerator } from './chat-moderator.ts'
import { ChatRoom } from './chat-room.ts'
import type { Place, RoomRules } from './host.ts'
import { type Rank, ranks } from './protocol.ts'

export interface ChatAccount {
  id: number
  role: Role
}

type Kind = { kind: 'lobby' } | { kind: 'channel' | 'course'; id: number }

/** Which room an id names; null for none that could be. */
export function parseRoom(room: string): Kind | null {
  if (room === 'lobby') return { kind: 'lobby' }
  const [, kind, id] = /^(channel|course)-([1-9]\d{0,8})$/.exec(room) ?? []
  return kind ? { kind: kind as 'channel' | 'course', id: Number(id) } : null
}

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
  return {
    blockedTerms: settings?.blockedTerms ?? [],
    // In the lobby everybody may call to everybody, as on a square.
    notices: settings?.notices ?? (parsed.kind === 'lobby' ? 'everyone' : 'moderators'),
    settings: { slow: settings?.slow ?? 0, mode: settings?.mode ?? 'all', frozen: settings?.isFrozen ?? false },
    bans: bans.map(({ user, until }) => ({ uid: `u:${user.id}`, untilMs: until?.getTime() ?? 0 })),
  }
}

/**
 * What somebody is in a room: its channel's owner, its course's staff, a moderator, or one of many.
 *
 * @param account null for a guest
 * @returns null when they may not read there
 */
export async function findPlace(em: EntityManager, room: string, account: ChatAccount | null): Promise<Place | null> {
  const parsed = parseRoom(room)
  if (!parsed) return null
  const inModes = (rank: Rank, isInner: boolean): Place => ({
    rank,
    modes: rank === ranks.guest ? [] : ['all', 'emote', ...(isInner ? (['followers', 'enrolled'] as const) : [])],
  })
  const isModerator = account !== null && (await em.count(ChatModerator, { room, user: account.id })) > 0
  const usual = account === null ? ranks.guest : isModerator ? ranks.moderator : ranks.member
  if (parsed.kind === 'lobby') return inModes(isAdmin(account) ? ranks.owner : usual, false)
  if (parsed.kind === 'channel') {
    const channel = await em.findOne(Channel, { id: parsed.id })
    if (!channel) return null
    return inModes(account && (channel.owner.id === account.id || isAdmin(account)) ? ranks.owner : usual, false)
  }
  const course = await em.findOne(Course, { id: parsed.id })
  if (!course || !account) return null
  const standing = await findStanding(em, account, parsed.id)
  if (isAdmin(account)) return inModes(ranks.owner, true)
  if (may(standing, 'moderate_chat', course)) return inModes(ranks.moderator, true)
  return standing.isEnrolled || isStaff(standing) ? inModes(usual, true) : null
}
