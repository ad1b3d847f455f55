import type { Config } from '../../config/config.ts'
import { Profile } from '../accounts/profile.ts'
import type { EntityManager } from '../db/orm.ts'
import { publicUrl } from '../http/public-files.ts'
import type { PersonJson } from './contract.ts'

/** Accounts as rooms show them, by id. */
export async function presentPeople(
  em: EntityManager,
  store: Config['store'],
  ids: readonly (number | null | undefined)[],
): Promise<(id: number) => PersonJson> {
  const wanted = [...new Set(ids.filter((id) => id != null))]
  const profiles = wanted.length > 0 ? await em.find(Profile, { user: { $in: wanted } }) : []
  const known = new Map(profiles.map((profile) => [profile.user.id, profile]))
  return (id) => {
    const profile = known.get(id)
    return {
      id,
      display_name: profile?.displayName ?? '',
      avatar_url: profile?.avatar ? publicUrl(store, profile.avatar) : null,
    }
  }
}
