import { LockMode } from '@mikro-orm/core'
import { Lesson } from '../courses/lesson.ts'
import { lockCoursesOf, timeLessons } from '../courses/time-lessons.ts'
import type { EntityManager } from '../db/orm.ts'
import type { Queue } from '../jobs/queue.ts'
import { announce } from '../notices/notify-followers.job.ts'
import { announceLesson } from '../notices/notify-learners.job.ts'
import { Recording } from '../vod/recording.ts'
import { Broadcast } from './broadcast.ts'
import { closeBroadcast } from './end-broadcast.ts'

/** What every report of a media process carries. */
interface Report {
  eventId: string
  node: string
}

/**
 * Takes a report in once, however often it is sent: what it changes and the note of its id are one transaction. A report of
 * something that is not there any more is taken, too, or its sender would repeat it for ever.
 *
 * @returns false when it was taken before
 */
async function once(em: EntityManager, report: Report, change: (tx: EntityManager) => Promise<void>): Promise<boolean> {
  return em.transactional(async (tx) => {
    const noted = await tx.execute(
      `insert into media_event (id, received_at) values (?, now()) on conflict (id) do nothing returning id`,
      [report.eventId],
    )
    if (noted.length === 0) return false
    await change(tx)
    await tx.flush()
    return true
  })
}

export async function takeStarted(
  em: EntityManager,
  queue: Queue,
  id: string,
  report: Report & { startedAt: Date },
): Promise<boolean> {
  return once(em, report, async (tx) => {
    const broadcast = await tx.findOne(Broadcast, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE })
    if (!broadcast || broadcast.startedAt) return
    // One that was ended meanwhile stays so: the next beat cuts it.
    broadcast.startedAt = report.startedAt
    if (broadcast.isOnAir()) await announce(tx, queue, broadcast)
  })
}

export async function takeEnded(
  em: EntityManager,
  id: string,
  report: Report & { endedAt: Date; cause: string | null },
): Promise<boolean> {
  return once(em, report, async (tx) => {
    const broadcast = await tx.findOne(Broadcast, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE })
    if (broadcast?.status !== 'live') return
    await closeBroadcast(tx, broadcast, { endedAt: report.endedAt, cause: report.cause })
  })
}

export interface Closed extends Report {
  isPlayable: boolean
  durationSeconds: number
  width: number | null
  height: number | null
  renditions: string[]
  sizeBytes: number
  hasThumbnail: boolean
  hasStoryboard: boolean
  isUploaded: boolean
}

/**
 * The recording can be played whole; reported again when the object store has all of it.
 *
 * @returns `gone` when it was deleted meanwhile: its objects are still to be removed
 */
export async function takeClosed(
  em: EntityManager,
  queue: Queue,
  id: string,
  report: Closed,
): Promise<'taken' | 'repeated' | 'gone'> {
  let isGone = false
  const isNew = await once(em, report, async (tx) => {
    const courses = await lockCoursesOf(tx, id)
    const recording = await tx.findOne(Recording, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE })
    if (!recording) {
      isGone = true
      return
    }
    // The two reports may overtake each other: what is uploaded stays so.
    const wasLive = recording.status === 'live'
    const wasUploaded = recording.status === 'ready' && !recording.node
    const hadThumbnail = wasUploaded && recording.hasThumbnail
    recording.status = report.isPlayable ? 'ready' : 'failed'
    recording.node = report.isUploaded || wasUploaded || !report.isPlayable ? null : report.node
    recording.durationSeconds = report.durationSeconds
    recording.width = report.width
    recording.height = report.height
    recording.renditions = report.renditions
    recording.sizeBytes = report.sizeBytes
    recording.hasThumbnail = report.hasThumbnail
    recording.hasStoryboard = report.hasStoryboard
    recording.chatDueAt = report.isPlayable ? new Date() : null
    if (!hadThumbnail && report.isPlayable && report.hasThumbnail && !recording.node) {
      await queue.add('size-thumbnail', { kind: 'recording', id }, { em: tx })
    }
    const lessons = await tx.find(Lesson, { recording }, { fields: ['id'] })
    if (!report.isPlayable || lessons.length === 0) return
    if (wasLive) await timeLessons(tx, recording, courses)
    for (const { id } of lessons) await announceLesson(tx, queue, id)
    // Its length is known now, and so who attended enough of it.
    await queue.add('complete-attended', { recording: id }, { em: tx })
  })
  if (isGone) return 'gone'
  return isNew ? 'taken' : 'repeated'
}
