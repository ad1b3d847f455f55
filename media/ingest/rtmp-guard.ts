/**
 * What a connection may ask of this process. node-media-server has no limits of its own: each guard here, in
 * chunk-reader.ts and in rtmp-connection.ts stands for an input that crashed, hung, filled or fooled it.
 */
export interface RtmpLimits {
  /** From connect to an accepted `publish`, so that idle and dribbling connections do not pile up. */
  publishWithinMs: number
  /** A publisher this long without a byte is gone: a half-open TCP connection never says so. */
  idleMs: number
  /** The platform's time to answer for a key. */
  decideWithinMs: number
  /** Time for a refused encoder to read why before its socket is destroyed. */
  lingerMs: number
  /** Media that the show did not take yet; the socket is read again at half of it. */
  maxQueuedBytes: number
  /** Answers the encoder did not read. */
  maxUnsentBytes: number
  maxConnections: number
  maxConnectionsPerAddress: number
}

export const DEFAULT_LIMITS: RtmpLimits = {
  publishWithinMs: 10_000,
  idleMs: 10_000,
  decideWithinMs: 5000,
  lingerMs: 1000,
  maxQueuedBytes: 16 * 1024 * 1024,
  maxUnsentBytes: 256 * 1024,
  maxConnections: 512,
  maxConnectionsPerAddress: 32,
}

/** One keyframe of the largest picture at the highest bitrate that makes sense is a third of this. */
export const MAX_MESSAGE_BYTES = 8 * 1024 * 1024
/** Before its key is accepted a connection sends commands only; AMF is decoded recursively, so they are short. */
export const MAX_COMMAND_BYTES = 64 * 1024
/** Encoders send six or so before media. */
export const MAX_COMMANDS_BEFORE_PUBLISH = 50

/** The bytes are not RTMP as any encoder speaks it. The socket is destroyed without an answer. */
export class RtmpViolation extends Error {
  override readonly name = 'RtmpViolation'
}

/** The encoder is told why in a sentence, then the connection is closed. */
export class RtmpRefusal extends Error {
  override readonly name = 'RtmpRefusal'
}

export interface ConnectCommand {
  transaction: number
  encoder: string | null
  /** Why this connection is of no use: a sentence for its encoder. */
  refusal: string | null
}

/**
 * Only the app `live` exists, so no other name is ever a map key, a path or in a log line (encoders put the stream key
 * into it when their URL has one slash too many). OBS leaves a slash or a query after it.
 *
 * @throws {RtmpViolation} without a transaction, a command object, an app or a tcUrl that is a URL
 */
export function parseConnect(command: Record<string, unknown>): ConnectCommand {
  const { transId, cmdObj } = command
  if (typeof cmdObj !== 'object' || cmdObj === null) throw new RtmpViolation('connect without a command object')
  const { app, tcUrl, flashVer } = cmdObj as Record<string, unknown>
  if (typeof tcUrl !== 'string' || !URL.canParse(tcUrl)) throw new RtmpViolation('connect without a tcUrl')
  if (typeof app !== 'string') throw new RtmpViolation('connect without an app')
  return {
    transaction: parseTransaction(transId),
    encoder: parseEncoder(flashVer),
    refusal: /^live\/?(\?.*)?$/.test(app)
      ? null
      : 'Check the server address: it ends in /live, and the stream key has a field of its own.',
  }
}

/** Answers repeat it, so only a number may come back. */
export function parseTransaction(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new RtmpViolation('command without a transaction')
  return value
}

/**
 * The stream key out of `publish`: as OBS sends it, or with a query behind it, which is dropped. Anything else than
 * letters, digits, `-` and `_` is refused here, before the platform or a map sees it.
 *
 * @throws {RtmpViolation} for a publish without a name
 * @throws {RtmpRefusal} for what cannot be a key
 */
export function parseStreamKey(name: unknown): string {
  if (typeof name !== 'string') throw new RtmpViolation('publish without a name')
  const key = (name.split('?', 1)[0] ?? '').trim()
  if (key === '') throw new RtmpRefusal('The stream key is missing. Copy it from the studio.')
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(key)) throw new RtmpRefusal('This is not a stream key. Copy it from the studio.')
  return key
}

/** What an encoder calls itself, fit for a studio page: short, printable. */
export function parseEncoder(value: unknown): string | null {
  if (typeof value !== 'string') return null
  const name = value.replace(/[^\x20-\x7e]/g, '').trim()
  return name === '' ? null : name.slice(0, 100)
}
