import type { Viewer } from '../accounts/viewer.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import type { Queue } from '../jobs/queue.ts'
import { mayManage } from '../live/access.ts'
import { Broadcast } from '../live/broadcast.ts'
import { Video } from '../videos/video.ts'
import { Recording } from '../vod/recording.ts'
import type { NewExport, Piece } from './contract.ts'
import { Export } from './export.ts'

const LIFETIME_MS = 24 * 3600_000
/** Of one person at a time: the next waits until one is done. */
const MOST_WAITING = 5
/** A clip takes about this long; nobody knows which of theirs is done first. */
const RETRY_SECONDS = 30

/**
 * A piece of something that the person manages.
 *
 * @throws {DomainError} `video_not_found`, `recording_not_found`, `broadcast_not_found`, `forbidden`, `too_many_exports`
 */
export async function requestExport(
  em: EntityManager,
  queue: Queue,
  person: Pick<Viewer, 'id' | 'role'>,
  wanted: NewExport,
): Promise<Export> {
  const { ownerId, source, sourceId, title } = await findSource(em, wanted)
  if (!mayManage(person, ownerId)) throw new DomainError('forbidden')
  return em.transactional(async (tx) => {
    // One at a time for each person, or ten requests at once would each find room.
    await tx.execute('select 1 from users where id = ? for update', [person.id])
    const waiting = await tx.count(Export, { owner: person.id, status: { $in: ['queued', 'processing'] } })
    if (waiting >= MOST_WAITING) {
      throw new DomainError('too_many_exports', { max: MOST_WAITING, retry_after: RETRY_SECONDS })
    }
    return add(tx, queue, { owner: person.id, source, sourceId, fileName: nameOf(title, wanted), ...wanted })
  })
}

/** Of a visitor's own file, which lies where `id` says until it is made. */
export async function requestConversion(
  em: EntityManager,
  queue: Queue,
  { id, fileName, owner, ...piece }: Piece & { id: string; fileName: string; owner: number | null },
): Promise<Export> {
  const title = fileName.replace(/\.[^.]{1,5}$/, '')
  return em.transactional((tx) =>
    add(tx, queue, { ...piece, id, owner, source: 'upload', sourceId: id, fileName: nameOf(title, piece) }),
  )
}

type Added = Piece & Pick<Export, 'source' | 'sourceId' | 'fileName'> & { id?: string; owner: number | null }

async function add(
  em: EntityManager,
  queue: Queue,
  { format, start, duration, width, fps, ...of }: Added,
): Promise<Export> {
  const { id, owner, source, sourceId, fileName } = of
  const made = em.create(Export, {
    ...(id ? { id } : {}),
    ...{ owner, source, sourceId, fileName, format },
    startSeconds: start,
    durationSeconds: duration,
    width: width ?? null,
    fps: fps ?? null,
    expiresAt: new Date(Date.now() + LIFETIME_MS),
  })
  await em.flush()
  await queue.add('make-export', { export: made.id }, { em })
  return made
}

async function findSource(
  em: EntityManager,
  { video, recording, broadcast }: NewExport,
): Promise<{ ownerId: number; source: Export['source']; sourceId: string; title: string }> {
  if (video !== undefined) {
    const found = await em.findOne(Video, { id: video })
    if (!found?.isPlayable()) throw new DomainError('video_not_found')
    return { ownerId: found.owner.id, source: 'video', sourceId: video, title: found.title }
  }
  if (recording !== undefined) {
    const found = await em.findOne(Recording, { id: recording, status: { $ne: 'failed' } }, { populate: ['channel'] })
    if (!found) throw new DomainError('recording_not_found')
    const { channel, title } = found
    // Of one that still grows, what its running show has.
    if (found.status === 'live') {
      return { ownerId: channel.owner.id, source: 'broadcast', sourceId: found.broadcast.id, title }
    }
    return { ownerId: channel.owner.id, source: 'recording', sourceId: recording, title }
  }
  const found = await em.findOne(Broadcast, { id: broadcast ?? '' }, { populate: ['channel'] })
  if (!found?.isOnAir()) throw new DomainError('broadcast_not_found')
  return { ownerId: found.channel.owner.id, source: 'broadcast', sourceId: found.id, title: found.title }
}

/** For the person's own folder: what a system forbids in a name is left out. */
function nameOf(title: string, { format }: Piece): string {
  const plain = title
    .replace(/[\p{Cc}\p{Bidi_Control}<>:"/\\|?*]/gu, ' ')
    .replace(/\s+/g, ' ')
    .replace(/^[\s.-]+|[\s.]+$/g, '')
  return `${plain.slice(0, 200) || 'clip'}.${format}`
}
