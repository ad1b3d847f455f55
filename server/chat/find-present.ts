import type { Config } from '../../config/config.ts'
import type { Role } from '../accounts/roles.ts'
import { Channel } from '../channels/channel.ts'
import { isAdmin, may } from '../courses/access.ts'
import { Course } from '../courses/course.ts'
import { CourseUserRole } from '../courses/course-user-role.ts'
import type { EntityManager } from '../db/orm.ts'
import { publicUrl } from '../http/public-files.ts'
import type { RedisClient } from '../redis.ts'
import { ChatModerator } from './chat-moderator.ts'
import type { Crowd } from './host.ts'
import { type Present, type Rank, ranks } from './protocol.ts'
import { parseRoom } from './room-id.ts'

/** More names than anybody reads. */
const MOST = 10_000

interface Row {
  id: number
  role: Role
  display_name: string
  avatar: string | null
}

/**
 * Who is in a room on any node: who they are Redis knows by number, their names PostgreSQL. A look costs one read of each,
 * however many are here, so it is made rarely and remembered by who asks.
 *
 * @throws {Error} Redis is away
 */
export async function findPresent(
  { em, redis, store }: { em: EntityManager; redis: RedisClient; store: Config['store'] },
  room: string,
): Promise<Crowd> {
  const viewers = await redis.hKeys(`{r:${room}}:pu`)
  const ids = viewers.flatMap((viewer) => (viewer.startsWith('u:') ? [Number(viewer.slice(2))] : [])).slice(0, MOST)
  const guests = viewers.filter((viewer) => viewer.startsWith('g:')).length
  if (ids.length === 0) return { people: [], guests }
  const rows = await em.execute<Row[]>(
    `select u.id, u.role, p.display_name, p.avatar from users u join profile p on p.user_id = u.id
      where u.id = any(?::int[]) and u.deleted_at is null`,
    [`{${ids.join(',')}}`],
  )
  const rankOf = await findRanks(em, room, rows)
  const people = rows.map((row): Present => {
    const picture = row.avatar ? { a: publicUrl(store, row.avatar) } : {}
    return { u: `u:${row.id}`, n: row.display_name, r: rankOf(row), ...picture }
  })
  people.sort((a, b) => b.r - a.r || collator.compare(a.n, b.n) || a.u.localeCompare(b.u))
  return { people, guests }
}

const collator = new Intl.Collator('ru')

/** As `findPlace` finds it for one of them, for people who are let in. */
async function findRanks(
  em: EntityManager,
  room: string,
  people: readonly { id: number; role: Role }[],
): Promise<(person: { id: number; role: Role }) => Rank> {
  const parsed = parseRoom(room)
  const moderators = await em.find(ChatModerator, { room, user: { $in: people.map(({ id }) => id) } })
  const given = new Map<number, Rank>(moderators.map(({ user }) => [user.id, ranks.moderator]))
  if (parsed?.kind === 'channel') {
    const channel = await em.findOne(Channel, { id: parsed.id })
    if (channel) given.set(channel.owner.id, ranks.owner)
  }
  if (parsed?.kind === 'course') {
    const course = await em.findOne(Course, { id: parsed.id })
    const places = await em.find(CourseUserRole, { course: parsed.id })
    for (const person of course ? people : []) {
      const staff = places.filter(({ user }) => user.id === person.id)
      if (staff.length === 0) continue
      const standing = { person, staff, isEnrolled: false }
      if (course && may(standing, 'assign_assistants', course)) given.set(person.id, ranks.owner)
      else if (course && may(standing, 'moderate_chat', course)) given.set(person.id, ranks.moderator)
    }
  }
  return (person) => (isAdmin(person) ? ranks.owner : (given.get(person.id) ?? ranks.member))
}
