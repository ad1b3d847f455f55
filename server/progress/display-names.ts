import { Profile } from '../accounts/profile.ts'
import type { EntityManager } from '../db/orm.ts'
import type { PersonJson } from './contract.ts'

/** The public names of these accounts, in one query. */
export async function displayNames(em: EntityManager, ids: readonly number[]): Promise<(id: number) => PersonJson> {
  const profiles = await em.find(Profile, { user: { $in: [...new Set(ids)] } }, { fields: ['user', 'displayName'] })
  const names = new Map(profiles.map((profile) => [profile.user.id, profile.displayName]))
  return (id) => ({ id, display_name: names.get(id) ?? '' })
}
