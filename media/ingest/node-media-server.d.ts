// node-media-server comes without types. Only what ingest touches is declared.

declare module 'node-media-server/src/core/logger.js' {
  type Print = (...parts: unknown[]) => void
  const logger: { log: Print; trace: Print; debug: Print; info: Print; warn: Print; error: Print }
  export default logger
}

declare module 'node-media-server/src/protocol/amf.js' {
  const amf: {
    /** @throws on anything malformed; recursive, so its input must be short */
    decodeAmf0Cmd(payload: Buffer): Record<string, unknown>
    /** @throws on anything malformed; recursive, so its input must be short */
    decodeAmf0Data(payload: Buffer): Record<string, unknown>
    /** Writes a string's length in UTF-16 units before its UTF-8 bytes: right for ASCII only. */
    encodeAmf0Cmd(command: Record<string, unknown>): Buffer
    encodeAmf0Data(data: Record<string, unknown>): Buffer
  }
  export default amf
}

declare module 'node-media-server/src/session/rtmp_session.js' {
  import type { Socket } from 'node:net'

  /** The protocol of one connection: handshake, parser (which ingest replaces) and answers. */
  interface Rtmp {
    /** 0: nothing received yet. */
    handshakeState: number
    flv: unknown
    objectEncoding: number
    outChunkSize: number
    parserData(data: Buffer): string | null
    chunkRead(data: Buffer, offset: number, bytes: number): string | null
    sendACK(size: number): void
    sendWindowACK(size: number): void
    setPeerBandwidth(size: number, type: number): void
    setChunkSize(size: number): void
    sendStreamStatus(event: number, value: number): void
    sendInvokeMessage(streamId: number, command: Record<string, unknown>): void
    sendStatusMessage(streamId: number, level: string, code: string, description: string): void
    respondConnect(transaction: number): void
    respondCreateStream(transaction: number): void
  }

  export default class RtmpSession {
    constructor(socket: Socket)
    readonly rtmp: Rtmp
    inBytes: number
    onConnect: () => void
    onPlay: () => void
    onPush: () => void
    onPacket: () => void
    onOutput: (data: Buffer) => void
    onData: (data: Buffer) => void
    onClose: () => void
    onError: (error: Error) => void
    /** Attaches the handlers above to the socket and the protocol. */
    run(): void
  }
}
