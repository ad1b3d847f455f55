import { expect, it } from 'vitest'
import { ByteQueue } from '../../../media/ladder/byte-queue.ts'
import { ProgressMeter } from '../../../media/ladder/progress.ts'

const block = (frame: number, seconds: number) =>
  Buffer.from(`frame=${frame}\nout_time_us=${seconds * 1e6}\ndrop_frames=0\nspeed=1.5x\nprogress=continue\n`)

it('progress is read from blocks, cut anywhere', () => {
  const meter = new ProgressMeter()
  const bytes = block(30, 1)
  meter.take(bytes.subarray(0, 17), 0)
  meter.take(bytes.subarray(17), 0)
  expect(meter.at(0)).toEqual({ speed: null, frame: 30, outTimeMs: 1000, droppedFrames: 0 })
})

it('the speed is that of the last five seconds', () => {
  const meter = new ProgressMeter()
  for (let second = 0; second <= 3600; second++) meter.take(block(second * 30, second), second * 1000)
  expect(meter.at(3_600_000).speed).toBeCloseTo(1)
  // The mean since the start would still say 0.999.
  for (let second = 3601; second <= 3606; second++) {
    meter.take(block(0, 3600 + (second - 3600) / 2), second * 1000)
  }
  expect(meter.at(3_606_000).speed).toBeCloseTo(0.5)
})

it('the speed falls while ffmpeg says nothing', () => {
  const meter = new ProgressMeter()
  for (let second = 0; second <= 5; second++) meter.take(block(second * 30, second), second * 1000)
  expect(meter.at(5500).speed).toBeCloseTo(1)
  expect(meter.at(10_000).speed).toBeCloseTo(0.5)
})

it('what is not known yet is left as it was', () => {
  const meter = new ProgressMeter()
  meter.take(Buffer.from('frame=0\nout_time_us=N/A\nspeed=N/A\nprogress=continue\n'), 0)
  expect(meter.at(0)).toEqual({ speed: null, frame: 0, outTimeMs: 0, droppedFrames: 0 })
})

it('a queue gives what was pushed before and after somebody reads, and then ends', async () => {
  const queue = new ByteQueue()
  queue.push(Buffer.from('ab'))
  expect(queue.length).toBe(2)
  const read: string[] = []
  const reading = (async () => {
    for await (const chunk of queue) read.push(Buffer.from(chunk).toString())
  })()
  queue.push(Buffer.from('c'))
  queue.end()
  await reading
  expect(read).toEqual(['ab', 'c'])
  expect(queue.length).toBe(0)
})
