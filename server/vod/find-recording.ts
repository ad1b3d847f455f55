import type { Viewer } from '../accounts/viewer.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { mayManage } from '../live/access.ts'
import { mayWatchShow } from '../live/learners.ts'
import { Recording } from './recording.ts'

/**
 * With its channel. One that the viewer may not see counts as missing, so a guessed id reveals nothing.
 *
 * @throws {DomainError} `recording_not_found`
 */
export async function watchableRecording(em: EntityManager, viewer: Viewer | null, id: string): Promise<Recording> {
  const recording = await em.findOne(Recording, { id }, { populate: ['channel'] })
  const shown = recording && { visibility: recording.visibility, ownerId: recording.channel.owner.id }
  const show = recording && { broadcast: recording.broadcast.id, recording: id }
  const isShown = shown && show && (await mayWatchShow(em, viewer, shown, show))
  if (!recording || !isShown) throw new DomainError('recording_not_found')
  return recording
}

/**
 * One that the viewer may change.
 *
 * @throws {DomainError} `recording_not_found`, `forbidden`
 */
export async function managedRecording(em: EntityManager, viewer: Viewer, id: string): Promise<Recording> {
  const recording = await watchableRecording(em, viewer, id)
  if (!mayManage(viewer, recording.channel.owner.id)) throw new DomainError('forbidden')
  return recording
}
