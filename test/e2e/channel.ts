import { vi } from 'vitest'
import type { ChannelJson } from '../../server/channels/contract.ts'
import type { RecordingJson } from '../../server/vod/contract.ts'
import type { Call, Platform } from '../support/platform.ts'

/** The demo teacher's channel. */
export const slug = 'demo'

/** A running show, as whoever asked sees it. */
export interface RunningShow {
  broadcast: string
  recording: string
  /** Absolute, token included. */
  playbackUrl: string
}

export function guestOf(platform: Platform): Call {
  return (path, init) => fetch(`${platform.url}${path}`, init)
}

export async function untilLive(platform: Platform, call = guestOf(platform)): Promise<RunningShow> {
  return vi.waitFor(
    async () => {
      const { broadcast } = (await (await call(`/api/channels/${slug}/`)).json()) as ChannelJson
      if (broadcast?.status !== 'live' || !broadcast.playback_url || !broadcast.recording) throw new Error('not live')
      return {
        broadcast: broadcast.id,
        recording: broadcast.recording,
        playbackUrl: platform.url + broadcast.playback_url,
      }
    },
    { timeout: 30_000, interval: 50 },
  )
}

/** Waits for the recording to play. */
export async function untilRecorded(
  platform: Platform,
  id: string,
  call = guestOf(platform),
): Promise<RecordingJson & { playback_url: string }> {
  return vi.waitFor(
    async () => {
      const recording = (await (await call(`/api/recordings/${id}/`)).json()) as RecordingJson
      const { playback_url } = recording
      if (recording.status !== 'ready' || !playback_url) throw new Error(`the recording is ${recording.status}`)
      return { ...recording, playback_url }
    },
    // A lost publisher is waited for half a minute; a visitor has 600 reads in one.
    { timeout: 60_000, interval: 150 },
  )
}

/** Waits until that broadcast is no longer the channel's running one. */
export async function untilOffline(platform: Platform, broadcast: string): Promise<void> {
  await vi.waitFor(
    async () => {
      const channel = (await (await guestOf(platform)(`/api/channels/${slug}/`)).json()) as ChannelJson
      if (channel.broadcast?.id === broadcast) throw new Error('still live')
    },
    { timeout: 10_000, interval: 50 },
  )
}
