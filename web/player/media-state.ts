import { AvailabilityStates, StreamTypes } from 'media-chrome/dist/constants.js'
import { createMediaStore, type MediaStore } from 'media-chrome/dist/media-store/media-store.js'
import { type StateMediator, stateMediator } from 'media-chrome/dist/media-store/state-mediator.js'
import type { LiveTimeline } from './live-timeline.ts'
import type { Playback } from './playback.ts'

/** Fired on the video element when the list of renditions or the choice among them changed. */
export const RENDITIONS_CHANGED = 'renditionschanged'

/** Tells media-chrome's quality menu what hls.js has, and hls.js what was chosen there. */
function renditionState(playback: Playback) {
  return {
    mediaRenditionList: {
      get: () => playback.renditions.map((rendition) => ({ ...rendition })),
      mediaEvents: ['emptied', 'loadstart', RENDITIONS_CHANGED],
    },
    mediaRenditionSelected: {
      // The menu takes nothing selected for "auto".
      get: () => (playback.rendition < 0 ? '' : String(playback.rendition)),
      set: (value: string) => {
        playback.rendition = value === 'auto' || value === '' ? -1 : Number(value)
        playback.video?.dispatchEvent(new Event(RENDITIONS_CHANGED))
      },
      mediaEvents: ['emptied', RENDITIONS_CHANGED],
    },
    mediaRenditionUnavailable: {
      get: () => (playback.renditions.length > 1 ? undefined : AvailabilityStates.UNAVAILABLE),
      mediaEvents: ['emptied', 'loadstart', RENDITIONS_CHANGED],
    },
  } satisfies Partial<StateMediator>
}

const options = { noMutedPref: true }

/** The elements whose state it is. Given at once: a store made before them does not notice what happens to them. */
export interface StoreElements {
  media: HTMLVideoElement
  fullscreenElement: HTMLElement
}

export function recordingStore(elements: StoreElements, playback: Playback): MediaStore {
  return createMediaStore({
    ...elements,
    documentElement: document,
    stateMediator: { ...stateMediator, ...renditionState(playback) },
    options,
  })
}

/** The controls of a show work on the whole of it, from its start to its edge. */
export function liveStore(elements: StoreElements, playback: Playback, timeline: LiveTimeline): MediaStore {
  const often = [
    'timeupdate',
    'progress',
    'playing',
    'pause',
    'seeking',
    'seeked',
    'emptied',
    'loadedmetadata',
    'waiting',
  ]
  return createMediaStore({
    ...elements,
    documentElement: document,
    stateMediator: {
      ...stateMediator,
      ...renditionState(playback),
      mediaCurrentTime: {
        get: () => timeline.time,
        set: (seconds: number) => timeline.seek(seconds),
        mediaEvents: often,
      },
      mediaSeekable: { get: () => [0, Number(timeline.end.toFixed(3))], mediaEvents: often },
      mediaDuration: { get: () => Number.NaN, mediaEvents: ['emptied'] },
      // Of the media timeline, which is not this one.
      mediaBuffered: { get: () => [], mediaEvents: ['emptied'] },
      mediaStreamType: { get: () => StreamTypes.LIVE, mediaEvents: ['emptied'] },
      // Infinite: play after a pause goes on where it was instead of jumping to the edge.
      mediaTargetLiveWindow: { get: () => Number.POSITIVE_INFINITY, mediaEvents: ['emptied'] },
      mediaTimeIsLive: { get: () => timeline.isAtEdge, mediaEvents: often },
    },
    options,
  })
}
