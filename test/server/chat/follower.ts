import { setTimeout as delay } from 'node:timers/promises'
import type { ChatLine, ServerFrame } from '../../../server/chat/protocol.ts'
import type { ChatPerson } from '../../../server/chat/ticket.ts'
import { aTicket, Client } from './hub.ts'

/**
 * A page: follows one room over closed connections and hubs that are gone, by the rules of the protocol. It keeps (e, s),
 * drops what it has, asks anew where something is missing, and sends again, with the same `cid`, what was not acknowledged.
 */
export class Follower implements AsyncDisposable {
  lines: ChatLine[] = []
  epoch = ''
  /** Times that its list was replaced. */
  replaced = 0
  readonly counts: number[] = []
  readonly closeCodes: number[] = []
  readonly states: boolean[] = []
  readonly #room: string
  readonly #person: Partial<ChatPerson>
  readonly #urls: readonly string[]
  #last = 0
  #client: Client | null = null
  #resume: string | null = null
  #attempts = 0
  #isEnded = false
  #askedWaitMs: number | null = null
  #joined = Promise.withResolvers<void>()

  /** @param urls the first it is on; the others it tries when that one is gone */
  constructor(room: string, urls: readonly string[], person: Partial<ChatPerson> = {}) {
    this.#room = room
    this.#urls = urls
    this.#person = person
    this.#connect()
  }

  static async all(followers: readonly Follower[]): Promise<void> {
    await Promise.all(followers.map((follower) => follower.ready()))
  }

  ready(): Promise<void> {
    return this.#joined.promise
  }

  get count(): number | undefined {
    return this.counts.at(-1)
  }

  /** What people wrote, in the order that this page shows it. */
  said(): string[] {
    return this.lines.flatMap(({ k, b }) => (k === 'msg' ? [b ?? ''] : []))
  }

  /** Until it is acknowledged, however often that takes. */
  async send(body: string): Promise<void> {
    const cid = `f-${crypto.randomUUID()}`
    for (;;) {
      await this.ready()
      const client = this.#client
      try {
        const from = client?.frames.length
        client?.say({ t: 'send', room: this.#room, cid, body })
        const answer = await Promise.race([client?.answer(cid, from), delay(5000, null)])
        if (answer?.t === 'ack') return
        if (answer && answer.code !== 'unavailable' && answer.code !== 'not_member') throw new TypeError(answer.code)
      } catch (error) {
        if (error instanceof TypeError) throw error
      }
      await delay(100)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnded = true
    await this.#client?.close()
  }

  #connect(): void {
    if (this.#isEnded) return
    const url = this.#urls[this.#attempts % this.#urls.length] ?? ''
    const client = Client.dial(url, this.#resume ? `r.${this.#resume}` : `t.${aTicket(this.#person)}`)
    this.#client = client
    client.socket.addEventListener('message', ({ data }) => this.#take(JSON.parse(String(data)) as ServerFrame))
    client.socket.addEventListener('close', ({ code }) => {
      this.closeCodes.push(code)
      this.#attempts += 1
      this.#joined = Promise.withResolvers<void>()
      setTimeout(() => this.#connect(), this.#askedWaitMs ?? 100 + Math.random() * 200)
      this.#askedWaitMs = null
    })
  }

  #take(frame: ServerFrame): void {
    if (frame.t === 'hello') {
      this.#resume = frame.resume
      this.#join()
    }
    if (frame.t === 'bye') this.#askedWaitMs = frame.after
    if (frame.t === 'state') this.states.push(frame.degraded)
    if (frame.t === 'cnt') this.counts.push(frame.n)
    if (frame.t === 'reset') this.#join()
    if (frame.t === 'err' && !frame.cid && frame.code === 'unavailable') setTimeout(() => this.#join(), 200)
    if (frame.t === 'joined') {
      if (!frame.recovered) {
        this.lines = []
        this.replaced += 1
        this.#last = 0
      }
      this.epoch = frame.e
      for (const line of frame.m) if (line.s > this.#last) this.lines.push(line)
      this.#last = frame.s
      this.counts.push(frame.n)
      this.#joined.resolve()
    }
    if (frame.t === 'b' && frame.e === this.epoch) {
      for (const line of frame.m) {
        if (line.s <= this.#last) continue
        if (line.s > this.#last + 1) {
          this.#join()
          break
        }
        this.lines.push(line)
        this.#last = line.s
      }
    }
  }

  #join(): void {
    if (this.#client?.socket.readyState !== WebSocket.OPEN) return
    this.#client.say({
      t: 'join',
      room: this.#room,
      ...(this.epoch ? { since: { e: this.epoch, s: this.#last } } : {}),
    })
  }
}
