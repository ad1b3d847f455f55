import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import type { MediaPacket } from '../../../media/ingest/publisher.ts'
import { Transcoder, TranscoderError, type TranscoderOptions, warmUp } from '../../../media/ladder/transcoder.ts'
import { readFragments } from '../../../media/packager/fmp4.ts'
import { type ClipOptions, clip, packetsOf } from '../../support/clips.ts'
import { probePackets, readOutputs, silent, smallLadder } from '../../support/ladders.ts'

// Each runs ffmpeg several times, on a machine that may be busy.
vi.setConfig({ testTimeout: 30_000 })

interface Started {
  packets: MediaPacket[]
  transcoder: Transcoder
}

async function start(clipOptions: ClipOptions = {}, options: Partial<TranscoderOptions> = {}): Promise<Started> {
  const all = await packetsOf(await clip(clipOptions))
  const source = {
    video:
      clipOptions.video === null
        ? null
        : { codec: 'h264', width: 320, height: 180, frameRate: 30, keyframeIntervalSeconds: 1, bitrateBps: 400_000 },
    audio: clipOptions.audio === null ? null : { codec: 'aac', sampleRate: 48000, channels: 2 },
  }
  const headers = all.filter(({ isHeader }) => isHeader)
  const packets = all.filter(({ isHeader, kind }) => !isHeader && kind !== 'metadata')
  const transcoder = new Transcoder({ ladder: smallLadder(source), source, headers, logger: silent, ...options })
  return { packets, transcoder }
}

/** Frames that came out of every output so far. */
function countFrames(transcoder: Transcoder): Map<string, { video: number; audio: number }> {
  const counts = new Map<string, { video: number; audio: number }>()
  for (const [name, output] of transcoder.outputs) {
    const count = { video: 0, audio: 0 }
    counts.set(name, count)
    void (async () => {
      for await (const fragment of readFragments(output)) {
        if (fragment.kind !== 'fragment') continue
        count.video += fragment.video.length
        count.audio += fragment.audio.length
      }
    })()
  }
  return counts
}

describe('frames come out while the publisher still sends', () => {
  it.each<[string, ClipOptions]>([
    ['picture and sound', {}],
    ['a picture alone', { audio: null }],
  ])('%s: all but the last two', async (_name, options) => {
    const { packets, transcoder } = await start(options)
    const counts = countFrames(transcoder)
    const early = packets.slice(0, Math.round(packets.length / 2))
    for (const packet of early) transcoder.write(packet)
    const sent = early.filter(({ kind }) => kind === 'video').length
    await vi.waitFor(() => {
      for (const { video } of counts.values()) expect(video).toBeGreaterThanOrEqual(sent - 2)
    }, 10_000)
    await transcoder[Symbol.asyncDispose]()
  })

  it('sound alone: all but the three that the encoder and the muxer hold', async () => {
    const { packets, transcoder } = await start({ video: null })
    const counts = countFrames(transcoder)
    for (const packet of packets.slice(0, 60)) transcoder.write(packet)
    await vi.waitFor(() => expect(counts.get('audio')?.audio).toBeGreaterThanOrEqual(57), 10_000)
    await transcoder[Symbol.asyncDispose]()
  })

  it('the picture goes on when the microphone falls silent', async () => {
    const { packets, transcoder } = await start()
    const counts = countFrames(transcoder)
    const sent = packets.filter(({ kind, dts }) => kind === 'video' || dts < 500)
    for (const packet of sent) transcoder.write(packet)
    await vi.waitFor(() => {
      for (const { video } of counts.values()) expect(video).toBeGreaterThanOrEqual(88)
    }, 10_000)
    await transcoder[Symbol.asyncDispose]()
  })

  it('the sound goes on when the camera freezes', async () => {
    const { packets, transcoder } = await start()
    const counts = countFrames(transcoder)
    const sent = packets.filter(({ kind, dts }) => kind === 'audio' || dts < 500)
    for (const packet of sent) transcoder.write(packet)
    await vi.waitFor(() => {
      for (const { audio } of counts.values()) expect(audio).toBeGreaterThanOrEqual(135)
    }, 10_000)
    await transcoder[Symbol.asyncDispose]()
  })
})

describe('a run', () => {
  it('is not blocked by outputs that nobody reads', async () => {
    const { packets, transcoder } = await start({ seconds: 8, video: { bitrate: '3M' } })
    for (const packet of packets) transcoder.write(packet)
    transcoder.end()
    await transcoder.done
    expect(transcoder.unreadBytes).toBeGreaterThan(1_000_000)
    const outputs = await readOutputs(transcoder)
    expect(transcoder.unreadBytes).toBe(0)
    expect((await probePackets(outputs.get('low') ?? Buffer.alloc(0), 'video')).length).toBe(240)
  })

  it('fails with what ffmpeg said when ffmpeg dies, after the outputs have ended', async () => {
    const { packets, transcoder } = await start()
    for (const packet of packets.slice(0, 100)) transcoder.write(packet)
    await vi.waitFor(() => expect(transcoder.unreadBytes).toBeGreaterThan(10_000), 15_000)
    process.kill(transcoder.pid ?? 0, 'SIGKILL')
    await expect(transcoder.done).rejects.toBeInstanceOf(TranscoderError)
    await expect(transcoder.done).rejects.toMatchObject({ code: 'ffmpeg_failed' })
    // What was whole can be read, and then it ends.
    const outputs = await readOutputs(transcoder)
    expect(outputs.get('top')?.length).toBeGreaterThan(1000)
    // The session may not have noticed yet.
    for (const packet of packets.slice(100)) transcoder.write(packet)
    expect(transcoder.backlogBytes).toBe(0)
  })

  it('fails when ffmpeg can make nothing of its input', async () => {
    const { packets, transcoder } = await start()
    for (const packet of packets) transcoder.write({ ...packet, data: Buffer.alloc(packet.data.length, 0x27) })
    transcoder.end()
    await expect(transcoder.done).rejects.toMatchObject({ code: 'ffmpeg_failed' })
  })

  it('fails when its sockets have no place, with outputs that end', async () => {
    const { transcoder } = await start({}, { directory: '/nonexistent/' })
    await expect(transcoder.done).rejects.toMatchObject({ code: 'ffmpeg_failed' })
    for (const file of (await readOutputs(transcoder)).values()) expect(file.length).toBe(0)
  })

  it('counts what ffmpeg has not taken, and loses none of it', async () => {
    const { packets, transcoder } = await start({ seconds: 8, video: { bitrate: '3M' } })
    for (const packet of packets.slice(0, 200)) transcoder.write(packet)
    await vi.waitFor(() => expect(transcoder.unreadBytes).toBeGreaterThan(10_000), 15_000)
    const pid = transcoder.pid ?? 0
    process.kill(pid, 'SIGSTOP')
    for (const packet of packets.slice(200)) transcoder.write(packet)
    await vi.waitFor(() => expect(transcoder.backlogBytes).toBeGreaterThan(500_000), 15_000)
    process.kill(pid, 'SIGCONT')
    transcoder.end()
    await transcoder.done
    expect(transcoder.backlogBytes).toBe(0)
    const outputs = await readOutputs(transcoder)
    expect((await probePackets(outputs.get('top') ?? Buffer.alloc(0), 'video')).length).toBe(240)
  })

  it('reports progress', async () => {
    const { packets, transcoder } = await start()
    for (const packet of packets) transcoder.write(packet)
    transcoder.end()
    await transcoder.done
    expect(transcoder.progress.frame).toBe(90)
    expect(transcoder.progress.outTimeMs).toBeGreaterThan(2900)
    expect(transcoder.progress.outTimeMs).toBeLessThan(3200)
  })

  it('refuses packets after its end', async () => {
    const { packets, transcoder } = await start()
    transcoder.end()
    for (const packet of packets.slice(0, 1)) expect(() => transcoder.write(packet)).toThrow('write after end')
    await transcoder[Symbol.asyncDispose]()
  })
})

describe('nothing is left', () => {
  it('of a run that was disposed before anything was written', async () => {
    const { transcoder } = await start()
    await transcoder[Symbol.asyncDispose]()
    await expect(transcoder.done).rejects.toMatchObject({ code: 'ffmpeg_failed' })
    for (const file of (await readOutputs(transcoder)).values()) expect(file.length).toBe(0)
  })

  it('of an ffmpeg that hangs when it is disposed', async () => {
    const { packets, transcoder } = await start()
    for (const packet of packets.slice(0, 100)) transcoder.write(packet)
    await vi.waitFor(() => expect(transcoder.unreadBytes).toBeGreaterThan(10_000), 15_000)
    const pid = transcoder.pid ?? 0
    process.kill(pid, 'SIGSTOP')
    await transcoder[Symbol.asyncDispose]()
    await expect(transcoder.done).rejects.toMatchObject({ code: 'ffmpeg_failed' })
    expect(isRunning(pid)).toBe(false)
  })

  it('of the sockets and their folder', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'ustat-test-'))
    const { packets, transcoder } = await start({}, { directory })
    for (const packet of packets) transcoder.write(packet)
    await vi.waitFor(async () => expect(await readdir(directory)).toHaveLength(1))
    transcoder.end()
    await transcoder.done
    expect(await readdir(directory)).toEqual([])
    await rm(directory, { recursive: true })
  })

  it('of ffmpeg when the process that started it is killed', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'ustat-test-'))
    const owner = fork(join(import.meta.dirname, '../../fixtures/transcode-forever.ts'), [directory])
    const [pid] = (await once(owner, 'message')) as [number]
    expect(isRunning(pid)).toBe(true)
    owner.kill('SIGKILL')
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false), 10_000)
    await rm(directory, { recursive: true })
  })
})

it('warming up never fails', async () => {
  await expect(warmUp()).resolves.toBeUndefined()
})

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
