import type { RtmpProtocol } from './library-session.ts'

const WINDOW_BYTES = 5_000_000
const DEFAULT_PEER_WINDOW_BYTES = 2_500_000
const PING_RESPONSE = 7

/** What this side says: node-media-server's messages, with nothing in them that the encoder chose. */
export class RtmpAnswers {
  readonly #rtmp: RtmpProtocol
  #peerWindowBytes = DEFAULT_PEER_WINDOW_BYTES
  #acknowledgedBytes = 0

  constructor(rtmp: RtmpProtocol) {
    this.#rtmp = rtmp
  }

  connected(transaction: number): void {
    // Never what was asked for: the answer would repeat it, whatever it is.
    this.#rtmp.objectEncoding = 0
    this.#rtmp.sendWindowACK(WINDOW_BYTES)
    this.#rtmp.setPeerBandwidth(WINDOW_BYTES, 2)
    this.#rtmp.setChunkSize(this.#rtmp.outChunkSize)
    this.#rtmp.respondConnect(transaction)
  }

  /** Before the encoder has sent its key. */
  rejected(transaction: number, sentence: string): void {
    const info = { level: 'error', code: 'NetConnection.Connect.Rejected', description: ascii(sentence) }
    // It is one chunk, longer than the 128 bytes that hold until this.
    this.#rtmp.setChunkSize(this.#rtmp.outChunkSize)
    this.#rtmp.sendInvokeMessage(0, { cmd: '_error', transId: transaction, cmdObj: null, info })
  }

  streamCreated(transaction: number): void {
    this.#rtmp.respondCreateStream(transaction)
  }

  status(streamId: number, level: 'status' | 'error', code: string, sentence: string): void {
    this.#rtmp.sendStatusMessage(streamId, level, code, ascii(sentence))
  }

  pong(timestamp: number): void {
    this.#rtmp.sendStreamStatus(PING_RESPONSE, timestamp)
  }

  /** "Window Acknowledgement Size": how much the encoder sends before it waits for a word from here. */
  setPeerWindow(bytes: number): void {
    this.#peerWindowBytes = bytes || DEFAULT_PEER_WINDOW_BYTES
  }

  /** Half a window early, so that no encoder ever waits. The number on the wire wraps at 4 GiB. */
  acknowledge(receivedBytes: number): void {
    if (receivedBytes - this.#acknowledgedBytes < this.#peerWindowBytes / 2) return
    this.#acknowledgedBytes = receivedBytes
    this.#rtmp.sendACK(receivedBytes % 2 ** 32)
  }
}

/** node-media-server counts characters where AMF counts bytes: another alphabet would break the message. */
function ascii(sentence: string): string {
  return sentence.replace(/[^\x20-\x7e]/g, '?').slice(0, 300)
}
