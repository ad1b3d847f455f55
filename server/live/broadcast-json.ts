import { z } from 'zod'
import type { Config } from '../../config/config.ts'
import type { Channel } from '../channels/channel.ts'
import { publicUrl } from '../http/public-files.ts'
import type { Audience, Playback } from '../vod/playback.ts'
import type { Broadcast } from './broadcast.ts'

/** Who may watch: everybody, a course's learners, or whoever has the link. */
export const visibilities = ['public', 'enrolled', 'unlisted'] as const
export type Visibility = (typeof visibilities)[number]

export const channelRefJson = z.object({
  slug: z.string(),
  title: z.string(),
  /** URL; null until its owner has chosen one. */
  picture: z.string().nullable(),
})

export function presentChannelRef(
  { slug, title, picture }: Channel,
  store: Config['store'],
): z.infer<typeof channelRefJson> {
  return { slug, title, picture: picture ? publicUrl(store, picture) : null }
}

/** What a channel shows of its running or next broadcast. Shared by the contracts of channels and live. */
export const channelBroadcastJson = z.object({
  id: z.string(),
  title: z.string(),
  status: z.enum(['live', 'scheduled']),
  /** When it is due; null of an unannounced one. */
  starts_at: z.iso.datetime().nullable(),
  /** Null until its playlists are there. */
  started_at: z.iso.datetime().nullable(),
  viewers: z.number().int(),
  /** Path of the multivariant playlist, signed for this viewer; null unless live. */
  playback_url: z.string().nullable(),
  thumbnail_url: z.string().nullable(),
  /** Id of the recording in the making or made: its `playback_url` goes back to the start of the show. */
  recording: z.string().nullable(),
  chat_room: z.string(),
  course: z.number().int().nullable(),
  lesson: z.number().int().nullable(),
})
export type ChannelBroadcastJson = z.infer<typeof channelBroadcastJson>

/** A broadcast with what its row does not know. */
export interface BroadcastSight {
  broadcast: Broadcast
  recording: string | null
  lesson: number | null
  viewers: number
}

/** The part that channel pages and broadcasts share; `status` is left to them. */
export function presentSight(
  { broadcast, recording, lesson, viewers }: BroadcastSight,
  playback: Playback,
  audience: Audience,
): Omit<ChannelBroadcastJson, 'status'> {
  const { id, node } = broadcast
  const held = broadcast.isOnAir() && node ? { id, node } : null
  return {
    id,
    title: broadcast.title,
    starts_at: broadcast.startsAt?.toISOString() ?? null,
    started_at: broadcast.startedAt?.toISOString() ?? null,
    viewers: held ? viewers : 0,
    playback_url: held && playback.ofBroadcast(held, 'index.m3u8', audience),
    thumbnail_url: held && playback.ofBroadcast(held, 'thumbnail.jpg', audience),
    recording,
    chat_room: broadcast.channel.chatRoom(),
    course: broadcast.course?.id ?? null,
    lesson,
  }
}
