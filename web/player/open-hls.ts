import Hls, { type ErrorData, type Level } from 'hls.js/light'
import { coldBandwidth, rememberBandwidth, rememberedBandwidth } from './bandwidth.ts'
import type { EdgeKeeper } from './edge-keeper.ts'
import { hlsConfig } from './hls-config.ts'
import type { PlaybackSource } from './playback-source.ts'

interface HlsListener {
  keeper: EdgeKeeper
  /** The renditions are known; now it begins to load. */
  parsed(levels: readonly Level[]): void
  /** A playlist came. */
  loaded(): void
  /** It is the one that plays. */
  updated(hasGrown: boolean): void
  failed(error: ErrorData): void
}

/** An hls.js for this element: it begins at what this network is expected to bear, and says what it learns of it. */
export function openHls(
  video: HTMLVideoElement,
  { src, isLive, startAt }: PlaybackSource,
  { keeper, parsed, loaded, updated, failed }: HlsListener,
): Hls {
  const hls = new Hls(hlsConfig(isLive))
  hls.on(Hls.Events.MANIFEST_PARSED, (_event, { levels, stats: { loading } }) => {
    const roundTrip = (loading.first - loading.start) / 1000
    keeper.network.roundTrip(roundTrip)
    const [cold, remembered] = [coldBandwidth(roundTrip), rememberedBandwidth()]
    hls.bandwidthEstimate = Math.min(cold, remembered)
    if (isLive && cold < remembered) keeper.warmUp(hls)
    parsed(levels)
    hls.startLoad(startAt ?? -1)
  })
  hls.on(Hls.Events.FRAG_LOADED, (_event, { frag, part }) => {
    const { loading } = (part ?? frag).stats
    if (part) keeper.network.loaded((loading.end - loading.start) / 1000)
  })
  hls.on(Hls.Events.LEVEL_LOADED, () => loaded())
  hls.on(Hls.Events.LEVEL_UPDATED, (_event, { details }) => updated(details.advanced))
  hls.on(Hls.Events.FRAG_BUFFERED, () => rememberBandwidth(hls.bandwidthEstimate))
  hls.on(Hls.Events.ERROR, (_event, error) => failed(error))
  hls.attachMedia(video)
  hls.loadSource(src)
  return hls
}
