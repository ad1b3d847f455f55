import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { Video } from '../videos/video.ts'
import { Recording } from '../vod/recording.ts'

/** What has captions and chapters. */
export interface Film {
  kind: 'recording' | 'video'
  id: string
}

/** The column of its row in `caption`. */
export function captionsOf({ kind, id }: Film): { recording: string } | { video: string } {
  return kind === 'recording' ? { recording: id } : { video: id }
}

/**
 * Its row, locked: of several writers each waits for the one before, and a deletion too.
 *
 * @returns seconds; 0 while that is not known
 * @throws {DomainError} `recording_not_found`, `recording_live` while it still grows; `video_not_found`
 */
export async function lockFilm(tx: EntityManager, { kind, id }: Film): Promise<number> {
  const options = { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true } as const
  if (kind === 'video') {
    const video = await tx.findOne(Video, { id }, options)
    if (!video) throw new DomainError('video_not_found')
    return Number(video.durationSeconds)
  }
  const recording = await tx.findOne(Recording, { id }, options)
  if (!recording) throw new DomainError('recording_not_found')
  if (recording.status === 'live') throw new DomainError('recording_live')
  return Number(recording.durationSeconds)
}
