import type { Viewer } from '../accounts/viewer.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { mayManage } from '../live/access.ts'
import { mayWatchVideo } from '../live/learners.ts'
import { Video } from './video.ts'

/**
 * Of a file that its owner had already, the one that was there. One that the viewer may not see counts as missing. What is
 * not ready is its owner's alone.
 *
 * @throws {DomainError} `video_not_found`
 */
export async function watchableVideo(em: EntityManager, viewer: Viewer | null, id: string): Promise<Video> {
  const asked = await em.findOne(Video, { id })
  const video = asked?.duplicateOf ? await em.findOne(Video, { id: asked.duplicateOf }) : asked
  const isShown =
    video !== null &&
    (mayManage(viewer, video.owner.id) ||
      (video.isPlayable() &&
        (await mayWatchVideo(em, viewer, {
          ...{ video: video.id, visibility: video.visibility, ownerId: video.owner.id },
        }))))
  if (!isShown) throw new DomainError('video_not_found')
  return video
}

/**
 * One that the viewer may change.
 *
 * @throws {DomainError} `video_not_found`, `forbidden`
 */
export async function managedVideo(em: EntityManager, viewer: Viewer, id: string): Promise<Video> {
  const video = await watchableVideo(em, viewer, id)
  if (!mayManage(viewer, video.owner.id)) throw new DomainError('forbidden')
  return video
}
