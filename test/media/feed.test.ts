import { expect, it } from 'vitest'
import { Feed, type Run } from '../../media/feed.ts'
import type { MediaPacket } from '../../media/ingest/publisher.ts'
import { clip, packetsOf } from '../support/clips.ts'
import { probePackets, readOutputs, silent } from '../support/ladders.ts'

/** Packets of several clips one after the other, as one publisher would send them. */
async function oneAfterTheOther(...clips: Parameters<typeof clip>[0][]): Promise<MediaPacket[]> {
  const all: MediaPacket[] = []
  for (const options of clips) {
    const startsAt = all.length > 0 ? Math.max(...all.map(({ dts }) => dts)) + 33 : 0
    for (const packet of await packetsOf(await clip(options))) {
      all.push({ ...packet, dts: packet.dts + startsAt, pts: packet.pts + startsAt })
    }
  }
  return all
}

/** Feeds packets and reads every run to its end; `onPacket` may meddle. */
async function feedAll(
  packets: readonly MediaPacket[],
  onPacket: (at: number, runs: Run[]) => Promise<void> = async () => {},
) {
  const runs: Run[] = []
  const outputs: ReturnType<typeof readOutputs>[] = []
  const feed = new Feed({
    onRun: (run) => {
      runs.push(run)
      outputs.push(readOutputs(run.transcoder))
    },
    narrow: (ladder) => ladder,
    now: Date.now,
    logger: silent,
  })
  for (const [at, packet] of packets.entries()) {
    feed.write(packet)
    await onPacket(at, runs)
  }
  await feed.end()
  return { runs, outputs: await Promise.all(outputs) }
}

const framesIn = (packets: readonly MediaPacket[]) =>
  packets.filter(({ kind, isHeader }) => kind === 'video' && !isHeader).length
const framesOut = async (outputs: ReadonlyMap<string, Buffer>[], name: (n: number) => string) => {
  const counts = await Promise.all(
    outputs.map(async (run, n) => (await probePackets(run.get(name(n)) ?? Buffer.alloc(0), 'video')).length),
  )
  return counts.reduce((sum, count) => sum + count, 0)
}
const topOf = (run: Run | undefined) => run?.ladder.renditions[0]?.name ?? ''

it('chooses a ladder once enough has come, and loses no frame of what came before', async () => {
  const packets = await packetsOf(await clip({ seconds: 3, video: { width: 640, height: 480, gop: 30 } }))
  const { runs, outputs } = await feedAll(packets)
  expect(runs).toHaveLength(1)
  expect(runs[0]?.ladder.renditions.map(({ name, isCopied }) => ({ name, isCopied }))).toEqual([
    { name: '480p', isCopied: true },
    { name: '360p', isCopied: false },
  ])
  expect(await framesOut(outputs, () => '480p')).toBe(framesIn(packets))
})

it('starts another run where the picture changes its size', async () => {
  const packets = await oneAfterTheOther(
    { seconds: 2, video: { width: 320, height: 180 } },
    { seconds: 2, video: { width: 256, height: 144 } },
  )
  const { runs, outputs } = await feedAll(packets)
  expect(runs.map(({ source }) => source.video?.width)).toEqual([320, 256])
  const change = packets.find(({ isKeyframe, isHeader, dts }) => isKeyframe && !isHeader && dts > 2000)?.dts
  expect((runs[1]?.startedAtMs ?? 0) - (runs[0]?.startedAtMs ?? 0)).toBe(change)
  expect(await framesOut(outputs, (n) => topOf(runs[n]))).toBe(framesIn(packets))
})

it('encodes the top itself once the publisher’s keyframes get rare', async () => {
  const packets = await oneAfterTheOther(
    { seconds: 2, video: { gop: 30 } },
    { seconds: 4, video: { gop: 120 } },
    { seconds: 2, video: { gop: 120 } },
  )
  const { runs } = await feedAll(packets)
  expect(runs.map(({ ladder }) => ladder.keyframes)).toEqual(['source', 'each-second'])
})

it('goes on at the next keyframe when ffmpeg was killed', async () => {
  const packets = await packetsOf(await clip({ seconds: 6, video: { gop: 30 } }))
  const { runs } = await feedAll(packets, async (at, running) => {
    if (at !== 250) return
    await expect.poll(() => running[0]?.transcoder.pid, { timeout: 5000 }).toBeTruthy()
    process.kill(running[0]?.transcoder.pid ?? 0, 'SIGKILL')
    await running[0]?.transcoder.done.catch(() => {})
  })
  expect(runs).toHaveLength(2)
  expect(runs[1]?.ladder).toEqual(runs[0]?.ladder)
})

it('publishes what a show shorter than the probe brought', async () => {
  const packets = await packetsOf(await clip({ seconds: 1, video: { gop: 250 } }))
  const { runs, outputs } = await feedAll(packets)
  expect(runs).toHaveLength(1)
  expect(await framesOut(outputs, () => topOf(runs[0]))).toBe(framesIn(packets))
})
