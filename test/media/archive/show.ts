import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Logger, pino } from 'pino'
import { Archiver } from '../../../media/archive/archiver.ts'
import type { ArchiveLimits } from '../../../media/archive/keeper.ts'
import type { PublishGrant } from '../../../media/host.ts'
import type { Rendition } from '../../../media/ladder/ladder.ts'
import type { SegmentSink } from '../../../media/packager/packaged.ts'
import { Packager } from '../../../media/packager/packager.ts'
import type { ObjectStore } from '../../../media/storage/object-store.ts'
import { inPieces, makeClip } from '../packager/clips.ts'
import { aLadder } from '../packager/show.ts'

export const silent: Logger = pino({ level: 'silent' })

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'ustat-archive-'))
  // A picture that is being made is not waited for for long, and may still be written.
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 10 }) }
}

export function aGrant(): PublishGrant {
  const id = () => randomBytes(12).toString('hex')
  return { channel: 'tester', broadcast: id(), recording: id(), title: 'A show' }
}

export interface ArchiverSetting {
  /** DATA_DIR. */
  directory: string
  store: ObjectStore
  grant?: PublishGrant
  renditions?: readonly Rendition[]
  limits?: Partial<ArchiveLimits>
}

export function openArchiver({ directory, store, grant = aGrant(), renditions, limits }: ArchiverSetting) {
  return Archiver.create({
    grant,
    directory: join(directory, 'spool'),
    store,
    logger: silent,
    startedAtMs: 1_700_000_000_000,
    segmentTargetMs: 2000,
    partTargetMs: 210,
    renditions: renditions ?? aLadder('top', 'low').renditions,
    limits: { reserveBytes: 0, ...limits },
  })
}

export function recoverArchivers({ directory, store, limits }: Omit<ArchiverSetting, 'grant' | 'renditions'>) {
  return Archiver.recover({
    config: { dataDir: directory },
    store,
    logger: silent,
    limits: { reserveBytes: 0, ...limits },
  })
}

/** What ffmpeg makes of a clip, packaged as in a show, into the sink. */
export async function archiveClip(sink: SegmentSink, clip: Map<string, Buffer>): Promise<void> {
  const packager = new Packager({ partTargetMs: 210, segmentTargetMs: 2000, sink })
  const outputs = new Map([...clip].map(([name, bytes]) => [name, inPieces(bytes, 65_536)]))
  const ladder = aLadder(...clip.keys())
  await packager.run({ outputs, ladder, startedAtMs: 1_700_000_000_000 })
  packager.end()
}

/** What a packager hands over for the clip, by file: to compare with what was kept. */
export async function filesOf(clip: Map<string, Buffer>): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>()
  const sink: SegmentSink = {
    init: (rendition, index, { bytes }) => found.set(`${rendition}/init-${index}.mp4`, Buffer.from(bytes)),
    segment: (rendition, { msn, parts }) =>
      found.set(`${rendition}/${msn}.m4s`, Buffer.concat(parts.map(({ bytes }) => bytes))),
  }
  await archiveClip(sink, clip)
  return found
}

const clips = new Map<number, Promise<Map<string, Buffer>>>()

/** Two renditions, `top` and `low`, of a moving picture with sound. */
export function aClip(seconds: number): Promise<Map<string, Buffer>> {
  let clip = clips.get(seconds)
  if (!clip) {
    clip = makeClip({ seconds, encoded: ['low'] })
    clips.set(seconds, clip)
  }
  return clip
}
