import type { BroadcastHealth } from '../../media/host.ts'
import { orElse, type RedisClient } from '../redis.ts'
import type { BroadcastHealthJson } from './contract.ts'

/** What the media process last said of a running show; null when it has been silent for 10 s, or Redis is away. */
export async function readHealth(redis: RedisClient, ids: readonly string[]): Promise<(BroadcastHealth | null)[]> {
  if (ids.length === 0) return []
  const texts = await orElse(
    redis.mGet(ids.map((id) => `live:${id}`)),
    ids.map(() => null),
  )
  return texts.map((text) => (text === null ? null : (JSON.parse(text) as BroadcastHealth)))
}

export function presentHealth(health: BroadcastHealth): BroadcastHealthJson {
  return {
    status: health.status,
    viewers: health.viewers,
    encoder: health.encoder,
    bitrate_bps: health.bitrateBps,
    frame_rate: health.frameRate,
    keyframe_interval_seconds: health.keyframeIntervalSeconds,
    width: health.width,
    height: health.height,
    dropped_frames: health.droppedFrames,
    speed: health.speed,
    ladder: health.ladder.map((rendition) => ({
      name: rendition.name,
      width: rendition.width,
      height: rendition.height,
      bitrate_bps: rendition.bitrateBps,
      is_copied: rendition.isCopied,
      is_shed: rendition.isShed,
    })),
    warnings: health.warnings,
  }
}
