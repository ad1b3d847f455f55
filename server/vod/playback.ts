import { signPathToken } from '../../media/storage/signed-path.ts'

/** Whom a URL is for. */
export interface Audience {
  /** `u<user>s<session>` or `g<guest>`. */
  subject: string
  /** When the session behind it ends; null of a guest. Milliseconds since 1970. */
  expiresAtMs: number | null
}

interface IssuedBefore {
  issuedBefore(subject: string): number
}

const HOUR = 3600
const LIFETIME = 12 * HOUR

/**
 * Signs the paths that players open. All answers within an hour hold the same URL for the same viewer, so an ETag stays
 * and a player is not made to load its source anew.
 */
export class Playback {
  readonly #secret: string
  readonly #revocations: IssuedBefore

  constructor(secret: string, revocations: IssuedBefore) {
    this.#secret = secret
    this.#revocations = revocations
  }

  /** Beside the running show's playlists, at the node that holds it. */
  ofBroadcast(broadcast: { id: string; node: string }, file: string, audience: Audience, now = new Date()): string {
    return `/live/${broadcast.node}/${this.#sign('broadcast', broadcast.id, audience, now)}/${broadcast.id}/${file}`
  }

  ofRecording(recording: { id: string }, file: string, audience: Audience, now = new Date()): string {
    return `/vod/${this.#sign('recording', recording.id, audience, now)}/${recording.id}/${file}`
  }

  ofVideo(video: { id: string }, file: string, audience: Audience, now = new Date()): string {
    return `/vod/${this.#sign('video', video.id, audience, now)}/${video.id}/${file}`
  }

  #sign(kind: 'broadcast' | 'recording' | 'video', id: string, { subject, expiresAtMs }: Audience, now: Date): string {
    const seconds = Math.floor(now.getTime() / 1000)
    const hour = seconds - (seconds % HOUR)
    return signPathToken(
      {
        kind,
        id,
        subject,
        enrollment: null,
        // Not before the last revocation, or a viewer who signed in again would be shut out until the next hour.
        issuedAt: Math.max(hour, this.#revocations.issuedBefore(subject)),
        expiresAt: Math.min(
          hour + LIFETIME,
          expiresAtMs === null ? Number.POSITIVE_INFINITY : Math.floor(expiresAtMs / 1000),
        ),
      },
      this.#secret,
    )
  }
}
