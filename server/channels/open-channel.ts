import { randomBytes } from 'node:crypto'
import { Profile } from '../accounts/profile.ts'
import type { User } from '../accounts/user.ts'
import type { EntityManager } from '../db/orm.ts'
import { Channel } from './channel.ts'
import { isReserved, slugify } from './slug.ts'
import type { StreamKeys } from './stream-key.ts'

/** Gives somebody their channel; who has one gets that. Asking twice at once makes one. */
export async function openChannel(em: EntityManager, owner: User, streamKeys: StreamKeys): Promise<Channel> {
  const existing = await em.findOne(Channel, { owner })
  if (existing) return existing
  const { displayName } = await em.findOneOrFail(Profile, { user: owner })
  const wanted = slugify(displayName) ?? 'channel'
  for (let attempt = 0; ; attempt++) {
    const slug = attempt === 0 && !isReserved(wanted) ? wanted : `${wanted}-${randomBytes(3).toString('hex')}`
    const { streamKeyCipher, streamKeyHash } = streamKeys.create()
    // The database decides who was first, of two requests of one owner and of two owners with one name.
    await em.execute(
      `insert into channel (owner_id, slug, title, stream_key_cipher, stream_key_hash, stream_key_rotated_at, created_at, updated_at)
       values (?, ?, ?, ?, ?, now(), now(), now()) on conflict do nothing`,
      [owner.id, slug, displayName, streamKeyCipher, streamKeyHash],
    )
    const channel = await em.findOne(Channel, { owner })
    if (channel) return channel
    if (attempt === 5) throw new Error('no free address for a channel')
  }
}
