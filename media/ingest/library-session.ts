import './silence-library.ts'
import type { Socket } from 'node:net'
import RtmpSession from 'node-media-server/src/session/rtmp_session.js'

/** node-media-server's protocol of one connection: its handshake, and the messages it can write. */
export type RtmpProtocol = RtmpSession['rtmp']

export interface SessionHandlers {
  /** Bytes came in; hands them to the protocol's `parserData`, which does the handshake. */
  onReceived: (data: Buffer) => void
  /** The bytes behind the handshake. */
  onChunks: (data: Buffer) => void
  /** Bytes to send. */
  onOutput: (data: Buffer) => void
  onClosed: () => void
}

/**
 * A session of node-media-server with every handler replaced: its parser, its streams by name and its players are
 * never reached.
 */
export function openSession(socket: Socket, handlers: SessionHandlers): RtmpProtocol {
  const session = new RtmpSession(socket)
  const { rtmp } = session
  // A megabyte for a parser that RTMP never uses.
  rtmp.flv = null
  rtmp.chunkRead = (data, offset, bytes) => {
    handlers.onChunks(data.subarray(offset, offset + bytes))
    return null
  }
  session.onOutput = handlers.onOutput
  session.onData = handlers.onReceived
  session.onClose = handlers.onClosed
  // 'close' follows; a reset connection is everyday life.
  session.onError = () => {}
  session.onConnect = session.onPlay = session.onPush = session.onPacket = () => {}
  session.run()
  return rtmp
}
