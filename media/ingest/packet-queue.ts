import type { MediaPacket } from './publisher.ts'

/** Packets from one connection to one show, in order. What was pushed before `end` is still read. */
export class PacketQueue implements AsyncIterable<MediaPacket> {
  readonly #onTaken: () => void
  #packets: MediaPacket[] = []
  #bytes = 0
  #hasEnded = false
  #wake: (() => void) | null = null

  /** @param onTaken called when packets were taken, so that a writer who waits for room can go on */
  constructor(onTaken: () => void) {
    this.#onTaken = onTaken
  }

  /** Payload bytes that were not taken yet. */
  get bytes(): number {
    return this.#bytes
  }

  push(packet: MediaPacket): void {
    if (this.#hasEnded) return
    this.#packets.push(packet)
    this.#bytes += packet.data.length
    this.#wake?.()
  }

  end(): void {
    this.#hasEnded = true
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<MediaPacket> {
    try {
      while (true) {
        const packets = this.#packets
        this.#packets = []
        for (const packet of packets) {
          this.#bytes -= packet.data.length
          yield packet
        }
        if (packets.length > 0) this.#onTaken()
        if (this.#packets.length > 0) continue
        if (this.#hasEnded) return
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        this.#wake = null
      }
    } finally {
      // The show left off in the middle: nobody will take the rest.
      this.#hasEnded = true
      this.#packets = []
      this.#bytes = 0
    }
  }
}
