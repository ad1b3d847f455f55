import { createHmac, randomBytes } from 'node:crypto'
import { Archiver } from './archive/archiver.ts'
import type { MediaContext } from './context.ts'
import { MediaHostError, type PublishGrant } from './host.ts'
import type { PublishDecision, PublishRequest, Refusal } from './ingest/publisher.ts'
import type { StoredBody } from './packager/hls-server.ts'
import { Session } from './session.ts'

const BEAT_MS = 5000
const HEALTH_MS = 1000
/** Kept by Redis after the last write, so a dead process's shows vanish from the studio by themselves. */
const HEALTH_KEPT_MS = 10_000

/** All broadcasts of this process: opens them for publishers, finds them again after a restart, tells the platform. */
export class Sessions implements AsyncDisposable {
  readonly #context: MediaContext
  readonly #sessions = new Map<string, Session>()
  /** Which broadcast a key opened, so that its publisher can return while the platform cannot be asked. */
  readonly #grants = new Map<string, PublishGrant>()
  readonly #pepper = randomBytes(32)
  readonly #timers: NodeJS.Timeout[] = []

  constructor(context: MediaContext) {
    this.#context = context
  }

  /** Takes up what an earlier process left: its shows wait for their publishers, its uploads go on. Then starts to beat. */
  async start(): Promise<void> {
    const left = await Archiver.recover(this.#context)
    for (const archiver of left) this.#keep(Session.recover(archiver, this.#context))
    await this.#beat()
    this.#timers.push(
      setInterval(() => void this.#beat(), BEAT_MS),
      setInterval(() => void this.#publishHealth(), HEALTH_MS),
    )
  }

  /** Whose key it is, and what it opens. The answer's sentence goes to the publisher's encoder. */
  async decide(request: PublishRequest): Promise<PublishDecision> {
    const grant = await this.#authorize(request)
    if ('refuse' in grant) return grant
    const running = this.#sessions.get(grant.broadcast)
    if (running?.isPublished) {
      const refuse = 'This channel is already live from another encoder. Stop that one first.'
      return { refuse, isKeyWrong: false }
    }
    if (running && !running.canResume) {
      return { refuse: 'The last show is being closed. Try again in a few seconds.', isKeyWrong: false }
    }
    return {
      accept: (publisher) => {
        const session = this.#sessions.get(grant.broadcast) ?? this.#keep(new Session(grant, this.#context))
        session.attach(publisher)
      },
    }
  }

  /** Ends a show at once. False when this process does not hold it. */
  end(broadcast: string): boolean {
    const session = this.#sessions.get(broadcast)
    if (!session?.isRunning) return false
    void session.end('cut', 'The show was ended by the platform.')
    return true
  }

  /** A file of a recording that the object store does not have whole yet. */
  async readRecording(recording: string, path: string): Promise<StoredBody | null> {
    for (const session of this.#sessions.values()) {
      if (session.grant.recording === recording) return session.readRecording(path)
    }
    return null
  }

  get running(): Session[] {
    return [...this.#sessions.values()].filter((session) => session.isRunning)
  }

  /** Shows are left as after a crash, but with nothing missing: the next process takes them up. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    await Promise.all([...this.#sessions.values()].map((session) => session.suspend()))
  }

  async #authorize({ streamKey, address }: PublishRequest): Promise<PublishGrant | Refusal> {
    const fingerprint = createHmac('sha256', this.#pepper).update(streamKey).digest('base64')
    try {
      const grant = await this.#context.host.authorize({ streamKey, node: this.#context.config.nodeName, address })
      this.#grants.set(fingerprint, grant)
      return grant
    } catch (error) {
      if (!(error instanceof MediaHostError)) throw error
      const known = this.#grants.get(fingerprint)
      // Running shows go on while the platform is away; new ones cannot be let in unasked.
      if (error.code === 'unavailable' && known && this.#sessions.get(known.broadcast)?.canResume) return known
      if (error.code === 'refused') this.#grants.delete(fingerprint)
      return { refuse: error.message, isKeyWrong: error.code === 'refused' }
    }
  }

  #keep(session: Session): Session {
    this.#sessions.set(session.grant.broadcast, session)
    void session.forgotten.then(() => {
      this.#sessions.delete(session.grant.broadcast)
      for (const [key, grant] of this.#grants) if (grant.broadcast === session.grant.broadcast) this.#grants.delete(key)
    })
    return session
  }

  async #beat(): Promise<void> {
    const { host, config, logger } = this.#context
    try {
      const { cut } = await host.beat({
        node: config.nodeName,
        url: config.mediaUrl,
        rtmpUrl: config.ingest.publicUrl,
        broadcasts: this.running.map((session) => session.grant.broadcast),
      })
      for (const broadcast of cut) this.end(broadcast)
    } catch (error) {
      logger.warn({ error }, 'the platform did not answer the beat')
    }
  }

  async #publishHealth(): Promise<void> {
    for (const session of this.running) {
      session.tick()
      const json = JSON.stringify(session.health())
      // Health is a view for the studio; the show does not depend on it, and the next second brings another.
      await this.#context.publishHealth(session.grant.broadcast, json, HEALTH_KEPT_MS).catch(() => {})
    }
  }
}
