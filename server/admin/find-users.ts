import type { FilterQuery, QueryOrderMap } from '@mikro-orm/core'
import { Profile } from '../accounts/profile.ts'
import type { Role } from '../accounts/roles.ts'
import { User } from '../accounts/user.ts'
import type { EntityManager } from '../db/orm.ts'

export interface UserFilter {
  search: string
  role?: Role | undefined
  isVerified?: boolean | undefined
  isActive?: boolean | undefined
  isDeleted: boolean
  /** Names of the API, `-` first for the other way. */
  ordering: string
}

/** What may be ordered by, and nothing else: an order tells of what is not shown. */
const columns = new Map<string, keyof User>([
  ['created_at', 'createdAt'],
  ['email', 'email'],
  ['last_login_at', 'lastLoginAt'],
  ['last_name', 'lastName'],
  ['role', 'role'],
])

/** Accounts with their profiles, newest first unless said otherwise; the id makes every order a stable one. */
export async function findUsers(
  em: EntityManager,
  filter: UserFilter,
  limit: number,
  offset: number,
): Promise<[User[], number]> {
  return em.findAndCount(User, conditionsOf(filter), { orderBy: orderOf(filter.ordering), limit, offset })
}

export async function profilesOf(em: EntityManager, users: readonly User[]): Promise<Map<number, Profile>> {
  const profiles = await em.find(Profile, { user: { $in: users.map(({ id }) => id) } })
  return new Map(profiles.map((profile) => [profile.user.id, profile]))
}

function conditionsOf({ search, role, isVerified, isActive, isDeleted }: UserFilter): FilterQuery<User> {
  const words = search
    .split(/[\s,]+/)
    .filter(Boolean)
    .slice(0, 10)
  return {
    deletedAt: isDeleted ? { $ne: null } : null,
    ...(role === undefined ? {} : { role }),
    ...(isVerified === undefined ? {} : { isVerified }),
    ...(isActive === undefined ? {} : { isActive }),
    $and: words.map((word) => {
      const like = { $ilike: `%${word.replace(/[\\%_]/g, '\\$&')}%` }
      return { $or: [{ email: like }, { firstName: like }, { lastName: like }] }
    }),
  }
}

function orderOf(ordering: string): QueryOrderMap<User>[] {
  const wanted = ordering.split(',').flatMap((name) => {
    const column = columns.get(name.replace(/^-/, ''))
    return column ? [{ [column]: name.startsWith('-') ? 'desc nulls last' : 'asc' }] : []
  })
  return [...wanted, { id: 'desc' }] as QueryOrderMap<User>[]
}
