import { z } from 'zod'
import type { Config } from '../../config/config.ts'
import {
  type BroadcastSight,
  channelBroadcastJson,
  channelRefJson,
  presentChannelRef,
  presentSight,
} from '../live/broadcast-json.ts'
import type { Audience, Playback } from '../vod/playback.ts'
import type { Channel } from './channel.ts'

export type { ChannelBroadcastJson } from '../live/broadcast-json.ts'

export const slug = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])$/)

export const channelParams = z.strictObject({ slug: z.string().max(100) })

export const channelPatch = z.strictObject({
  title: z.string().trim().min(1).max(100).optional(),
  description: z.string().trim().max(5000).optional(),
  slug: slug.optional(),
  /** Null takes it away; a new one is a file, and has an address of its own. */
  picture: z.null().optional(),
})
export type ChannelPatch = z.input<typeof channelPatch>

export const channelJson = channelRefJson.extend({
  description: z.string(),
  owner: z.object({ id: z.number().int(), display_name: z.string() }),
  followers_count: z.int(),
  broadcast: channelBroadcastJson.nullable(),
  chat_room: z.string(),
  /** Path of the first page of its recordings. */
  recordings_url: z.string(),
})
export type ChannelJson = z.infer<typeof channelJson>

/** What goes into OBS; shown to the owner only. */
export const streamKeyJson = z.object({ rtmp_url: z.string(), stream_key: z.string() })
export type StreamKeyJson = z.infer<typeof streamKeyJson>

/** @param shown what this viewer may see of the channel's running or next broadcast */
export function presentChannel(
  { channel, displayName, followers }: { channel: Channel; displayName: string; followers: number },
  shown: BroadcastSight | null,
  playback: Playback,
  audience: Audience,
  store: Config['store'],
): ChannelJson {
  return {
    ...presentChannelRef(channel, store),
    description: channel.description,
    owner: { id: channel.owner.id, display_name: displayName },
    followers_count: followers,
    broadcast: shown && {
      ...presentSight(shown, playback, audience),
      status: shown.broadcast.isOnAir() ? 'live' : 'scheduled',
    },
    chat_room: channel.chatRoom(),
    recordings_url: `/api/recordings/?channel=${channel.slug}`,
  }
}
