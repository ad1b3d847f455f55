import { text } from 'node:stream/consumers'
import type { OpenPath } from '../../media/files/gather-clip.ts'
import type { Context } from '../context.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { fetchInternal } from '../http/internal-call.ts'
import { Broadcast } from '../live/broadcast.ts'
import { MediaNode } from '../live/media-node.ts'
import { Video } from '../videos/video.ts'
import { Recording } from '../vod/recording.ts'
import type { Export } from './export.ts'

/** Where the files of what is exported are read. */
export interface OpenedSource {
  open: OpenPath
  /** Names, highest first. */
  renditions: string[]
}

/** @throws {DomainError} when it is gone meanwhile */
export async function openSource(context: Context, em: EntityManager, made: Export): Promise<OpenedSource> {
  const { store, playback } = context
  const id = made.sourceId
  const stored =
    (prefix: string): OpenPath =>
    async (path) =>
      (await store.get(`${prefix}/${id}/${path}`)).body
  if (made.source === 'video') {
    const video = await em.findOne(Video, { id })
    if (!video?.isPlayable()) throw new DomainError('video_not_found')
    return { open: stored('videos'), renditions: video.renditions }
  }
  if (made.source === 'recording') {
    const recording = await em.findOne(Recording, { id })
    if (!recording) throw new DomainError('recording_not_found')
    return { open: stored('recordings'), renditions: recording.renditions }
  }
  const broadcast = await em.findOne(Broadcast, { id })
  const node = broadcast?.node && (await em.findOne(MediaNode, { name: broadcast.node }))
  if (!broadcast?.isOnAir() || !broadcast.node || !node) throw new DomainError('broadcast_not_found')
  const held = { id, node: broadcast.node }
  const address = (path: string) => playback.ofBroadcast(held, path, { subject: 'u0', expiresAtMs: null })
  const read = (path: string) => fetchInternal(node.url, address(path))
  const top = await text(await read('dvr.m3u8'))
  const renditions = [...top.matchAll(/^([a-z0-9-]{1,32})\/[\w.]+$/gm)].flatMap(([, name]) => name ?? [])
  // All of the show so far, where a live playlist has its last minute.
  return { open: (path) => read(path.replace(/index\.m3u8$/, 'dvr.m3u8')), renditions }
}
