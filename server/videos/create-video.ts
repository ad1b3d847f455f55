import { LockMode } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import type { Settings } from '../admin/settings.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import type { NewVideo } from './contract.ts'
import { Video } from './video.ts'

const GIGABYTE = 1e9

/**
 * A video that is to be uploaded: its size counts from now on, so ten uploads begun at once share the quota.
 *
 * @throws {DomainError} `video_too_large`, `video_quota_reached` with what is left, in bytes
 */
export async function createVideo(
  em: EntityManager,
  settings: Settings,
  ownerId: number,
  { title, file_name: fileName, size, visibility }: NewVideo,
): Promise<Video> {
  const most = settings.get('video_max_gb') * GIGABYTE
  if (size > most) throw new DomainError('video_too_large', { max_bytes: most })
  return em.transactional(async (tx) => {
    const owner = await tx.findOneOrFail(User, { id: ownerId }, { lockMode: LockMode.PESSIMISTIC_WRITE })
    const left = settings.get('video_quota_gb') * GIGABYTE - (await usedBytes(tx, ownerId))
    if (size > left) throw new DomainError('video_quota_reached', { left_bytes: Math.max(0, left) })
    const named =
      title ??
      (fileName
        .replace(/\.[^.]{1,5}$/, '')
        .trim()
        .slice(0, 200) ||
        fileName.slice(0, 200))
    const video = tx.create(Video, { owner, title: named, fileName, sourceBytes: size, visibility })
    await tx.flush()
    return video
  })
}

/** Originals, kept or on their way, and what was made of them. */
export async function usedBytes(em: EntityManager, ownerId: number): Promise<number> {
  const [row] = await em.execute<{ bytes: string }[]>(
    `select coalesce(sum(stored_bytes + case when source_key is not null or status in ('uploading', 'queued', 'processing')
                                             then source_bytes else 0 end), 0) as bytes
       from video where owner_id = ?`,
    [ownerId],
  )
  return Number(row?.bytes ?? 0)
}
