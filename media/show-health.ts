import type { Feed } from './feed.ts'
import { type HealthMeter, warningsOf } from './health.ts'
import type { BroadcastHealth } from './host.ts'
import type { Rendition } from './ladder/ladder.ts'

/** What a session knows of its show. */
interface ShowFacts extends Pick<BroadcastHealth, 'status' | 'viewers' | 'encoder'> {
  measured: ReturnType<HealthMeter['measure']>
  /** Of the publisher that is there, or was last. */
  feed: Feed | null
  playlists: readonly Rendition[]
  hasJumped: boolean
  archive: ReadonlySet<'store_unavailable' | 'disk_full'>
}

/** The studio's view of a running show. */
export function describeShow({ feed, playlists, measured, hasJumped, archive, ...facts }: ShowFacts): BroadcastHealth {
  const isReencoded = feed?.ladder ? feed.source?.video != null && feed.ladder.keyframes !== 'source' : false
  return {
    ...facts,
    ...measured,
    width: feed?.source?.video?.width ?? null,
    height: feed?.source?.video?.height ?? null,
    speed: feed?.speed ?? null,
    ladder: playlists.map(({ name, width, height, bandwidthBps, isCopied }) => ({
      name,
      width,
      height,
      bitrateBps: bandwidthBps,
      isCopied,
      isShed: feed?.shed.includes(name) ?? false,
    })),
    warnings: feed?.source
      ? warningsOf({
          keyframeIntervalSeconds: measured.keyframeIntervalSeconds,
          hasVideo: feed.source.video !== null,
          hasAudio: feed.source.audio !== null,
          isReencoded,
          isShed: feed.shed.length > 0,
          hasJumped,
          archive,
        })
      : [],
  }
}
