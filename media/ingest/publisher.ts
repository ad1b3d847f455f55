/** One RTMP media message, copied out of the session's buffers. */
export interface MediaPacket {
  kind: 'audio' | 'video' | 'metadata'
  /** Codec configuration (AVC or AAC sequence header): carries no picture or sound. */
  isHeader: boolean
  isKeyframe: boolean
  /** Milliseconds; on the publisher's clock out of ingest, on the broadcast's (from 0, without jumps) behind timeline.ts. */
  dts: number
  pts: number
  /** The body of the FLV tag, codec byte included. */
  data: Buffer
}

/** An encoder that holds a broadcast: its key was accepted and NetStream.Publish.Start sent. */
export interface Publisher {
  /** Remote address without port. */
  readonly address: string
  /** What it calls itself ("obs-output module (libobs version 30.2.3)"), or null. */
  readonly encoder: string | null
  /** Media in order of arrival; ends when the publisher unpublishes, its socket closes, or 10 s pass without a byte. */
  readonly packets: AsyncIterable<MediaPacket>
  /**
   * The encoder itself said that it stops (FCUnpublish, deleteStream), as against a connection that was lost: its
   * return is not awaited and the recording is closed at once. Settled when `packets` ends.
   */
  readonly hasStopped: boolean
  /** Tells the encoder why (NetStream status; OBS shows it) and closes the socket. Safe to call twice. */
  disconnect(reason: string): void
}

/** Answer to `publish`: refuse with a sentence for the encoder, or accept and be handed the publisher. */
export type PublishDecision = Refusal | { accept: (publisher: Publisher) => void }

export interface PublishRequest {
  streamKey: string
  /** Remote address without port. */
  address: string
}

export interface Refusal {
  /** Sentence for the encoder; ASCII, never holds the key. */
  refuse: string
  /** False: the key is not to blame (taken, closing, nobody to ask), so the address is not slowed down for it. */
  isKeyWrong?: boolean
}
