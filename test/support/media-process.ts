import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import type { MediaContext } from '../../media/context.ts'
import { type MediaHost, MediaHostError, type PublishGrant } from '../../media/host.ts'
import { startRtmpServer } from '../../media/ingest/rtmp-server.ts'
import { type StoredBody, startHlsServer } from '../../media/packager/hls-server.ts'
import { Sessions } from '../../media/sessions.ts'
import { DiskStore } from '../../media/storage/disk-store.ts'
import { signPathToken } from '../../media/storage/signed-path.ts'
import { silent } from './ladders.ts'

const secret = randomBytes(32).toString('base64')

/** The platform as media sees it: keys and what they open, and every report in the order it came. */
export class FakePlatform implements MediaHost {
  readonly reports: { report: string; cause?: string | null; isUploaded?: boolean; durationSeconds?: number }[] = []
  readonly grants = new Map<string, PublishGrant>()
  isAway = false
  cut: string[] = []

  key(): { streamKey: string; grant: PublishGrant } {
    const streamKey = randomBytes(16).toString('hex')
    const grant = { channel: 'demo', broadcast: id(), recording: id(), title: 'A show' }
    this.grants.set(streamKey, grant)
    return { streamKey, grant }
  }

  async authorize({ streamKey }: { streamKey: string }): Promise<PublishGrant> {
    this.#answer()
    const grant = this.grants.get(streamKey)
    if (!grant) throw new MediaHostError('refused', 'This stream key is not known.')
    return grant
  }
  async broadcastStarted(): Promise<void> {
    this.#answer()
    this.reports.push({ report: 'started' })
  }
  async broadcastEnded({ cause }: { cause: string | null }): Promise<void> {
    this.#answer()
    this.reports.push({ report: 'ended', cause })
  }
  async recordingClosed({ isUploaded, durationSeconds }: { isUploaded: boolean; durationSeconds: number }) {
    this.#answer()
    this.reports.push({ report: 'closed', isUploaded, durationSeconds })
  }
  async beat(): Promise<{ cut: string[] }> {
    this.#answer()
    return { cut: this.cut }
  }

  #answer(): void {
    if (this.isAway) throw new MediaHostError('unavailable', 'The platform does not answer.')
  }
}

/** Ingest, sessions and origin as media/main.ts puts them together, over a folder that another one can take up. */
export async function startMedia(
  host: MediaHost,
  directory: string,
  change: Partial<Pick<MediaContext, 'returnWithinMs'>> = {},
) {
  const stack = new AsyncDisposableStack()
  const hls = stack.use(
    await startHlsServer({
      listen: '127.0.0.1:0',
      tokenSecret: secret,
      internalSecret: secret,
      nodeName: 'm1',
      isRevoked: () => false,
      readRecording: async (recording, path): Promise<StoredBody | null> => sessions.readRecording(recording, path),
    }),
  )
  const sessions: Sessions = stack.use(
    new Sessions({
      config: {
        nodeName: 'm1',
        mediaUrl: `http://${hls.address}`,
        dataDir: directory,
        packager: { partTargetMs: 210, segmentTargetMs: 2000 },
        ingest: { port: 0, tls: null, publicUrl: 'rtmp://127.0.0.1/live' },
      },
      logger: silent,
      host,
      store: new DiskStore(join(directory, 'store')),
      hls,
      publishHealth: async () => {},
      returnWithinMs: 30_000,
      now: Date.now,
      ...change,
    }),
  )
  await sessions.start()
  const rtmp = stack.use(
    await startRtmpServer({
      port: 0,
      host: '127.0.0.1',
      tls: null,
      logger: silent,
      onPublish: (request) => sessions.decide(request),
    }),
  )
  return {
    sessions,
    rtmpUrl: `rtmp://127.0.0.1:${rtmp.port}/live`,
    url(grant: PublishGrant, path: string): string {
      return `http://${hls.address}/live/m1/${tokenFor('broadcast', grant.broadcast)}/${grant.broadcast}/${path}`
    },
    vodUrl(grant: PublishGrant, path: string): string {
      return `http://${hls.address}/vod/${tokenFor('recording', grant.recording)}/${grant.recording}/${path}`
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

function tokenFor(kind: 'broadcast' | 'recording', of: string): string {
  const now = Math.floor(Date.now() / 1000)
  return signPathToken({ kind, id: of, subject: 'u1', enrollment: null, issuedAt: now, expiresAt: now + 3600 }, secret)
}

function id(): string {
  return randomBytes(12).toString('hex')
}

/** A real publisher, in real time, until it is stopped (it says so, as OBS does) or killed (its connection is lost). */
export function publishLive(url: string, { size = '320x180', gop = 15 } = {}) {
  const input = ['-re', '-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=30`, '-f', 'lavfi', '-i', 'sine=r=48000']
  const video = [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-tune',
    'zerolatency',
    '-g',
    `${gop}`,
    '-pix_fmt',
    'yuv420p',
  ]
  const ffmpeg: ChildProcess = spawn('ffmpeg', ['-v', 'error', ...input, ...video, '-c:a', 'aac', '-f', 'flv', url], {
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  let said = ''
  ffmpeg.stderr?.on('data', (data) => {
    said += data
  })
  const gone = once(ffmpeg, 'close')
  return {
    gone,
    said: () => said,
    async stop(): Promise<void> {
      ffmpeg.stdin?.write('q')
      await gone
    },
    async lose(): Promise<void> {
      ffmpeg.kill('SIGKILL')
      await gone
    },
    async [Symbol.asyncDispose](): Promise<void> {
      ffmpeg.kill('SIGKILL')
      await gone
    },
  }
}
