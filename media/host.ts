/**
 * What the media process asks of the platform and tells it. Over HTTP in production (host-client.ts), a plain object
 * in tests. Every report carries an event id and may arrive twice: the platform keeps the first.
 */
export interface MediaHost {
  /**
   * Whose stream key this is, and which broadcast it opens: the channel's running one (a publisher who returns), its
   * scheduled one, or a new public one.
   *
   * @throws {MediaHostError} `refused` with a sentence for the publisher; `unavailable` when nobody could be asked
   */
  authorize(request: { streamKey: string; node: string; address: string }): Promise<PublishGrant>
  /** Playlists are public from now on. */
  broadcastStarted(report: BroadcastStarted): Promise<void>
  /** No publisher any more, and none awaited. */
  broadcastEnded(report: BroadcastEnded): Promise<void>
  /** The recording can be played whole. Reported again, with `isUploaded`, when the object store has all of it. */
  recordingClosed(report: RecordingClosed): Promise<void>
  /** Every 5 s. The answer names broadcasts to end at once: rotated key, ended in the studio, channel gone. */
  beat(report: NodeBeat): Promise<{ cut: string[] }>
}

export interface PublishGrant {
  channel: string // slug
  broadcast: string
  recording: string
  title: string
}

interface Report {
  eventId: string
  node: string
  broadcast: string
}

export interface BroadcastStarted extends Report {
  startedAtMs: number
}

export interface BroadcastEnded extends Report {
  endedAtMs: number
  /** Why, when it was not the publisher's wish: `publisher_lost`, `cut`, `node_restarted`, or an error's code. */
  cause: string | null
}

export interface RecordingClosed extends Report {
  recording: string
  /** False: the recording holds nothing playable. */
  isPlayable: boolean
  durationSeconds: number
  width: number | null
  height: number | null
  renditions: string[]
  sizeBytes: number
  hasThumbnail: boolean
  hasStoryboard: boolean
  /** Until true, playlists and segments come from the node under the same URLs. */
  isUploaded: boolean
}

export interface NodeBeat {
  node: string
  /** Where the platform reaches this process: `http://host:port` or `unix:/path`. */
  url: string
  rtmpUrl: string
  /** Broadcasts this process holds, live or waiting for their publisher. */
  broadcasts: string[]
}

export type MediaHostErrorCode = 'refused' | 'unavailable'

export class MediaHostError extends Error {
  override readonly name = 'MediaHostError'
  readonly code: MediaHostErrorCode

  /** @param message a sentence fit for the publisher's encoder; never holds a stream key */
  constructor(code: MediaHostErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** A running show's state as the studio sees it: Redis key `live:<broadcast>`, JSON, written each second, kept 10 s. */
export interface BroadcastHealth {
  status: 'connecting' | 'probing' | 'live' | 'waiting' | 'draining'
  viewers: number
  encoder: string | null
  /** Of the last 5 s, as received. */
  bitrateBps: number
  frameRate: number
  keyframeIntervalSeconds: number | null
  width: number | null
  height: number | null
  /** Frames the publisher skipped or that were shed here, since the start. */
  droppedFrames: number
  /** ffmpeg against real time; under 1 it falls behind. Null before the ladder runs. */
  speed: number | null
  ladder: {
    name: string
    width: number | null
    height: number | null
    bitrateBps: number
    isCopied: boolean
    isShed: boolean
  }[]
  warnings: HealthWarning[]
}

export type HealthWarning =
  | 'keyframe_interval_long' // more than 2 s: the top is re-encoded; "set the keyframe interval to 1 s"
  | 'keyframe_interval_unset' // no second keyframe within 2 s
  | 'no_audio'
  | 'no_video'
  | 'overloaded' // a rendition was shed
  | 'bitrate_unstable'
  | 'timestamps_jumped'
  | 'store_unavailable' // segments wait in the spool
  | 'disk_full' // the spool cannot take more
