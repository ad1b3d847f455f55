import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { objectsOfPicture, pictureKey } from '../../../server/pictures/picture-name.ts'
import { renderPicture } from '../../../server/pictures/render-picture.ts'

type Rgb = { r: number; g: number; b: number }

const plain = (width: number, height: number, background: string | Rgb = '#3a7') =>
  sharp({ create: { width, height, channels: 3, background } })

/** A PNG that says it is of this size; no row of it is there. */
function pngHeader(width: number, height: number): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(1024))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}

/** The colour of one place of a picture, as a browser shows it. */
async function colourAt(bytes: Buffer, x: number, y: number): Promise<number[]> {
  const { data, info } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  const at = (Math.floor(y * info.height) * info.width + Math.floor(x * info.width)) * info.channels
  return [...data.subarray(at, at + 3)]
}

function expectColour(colour: number[], expected: number[], within = 12): void {
  for (const [i, value] of expected.entries()) expect(Math.abs((colour[i] ?? 0) - value)).toBeLessThan(within)
}

describe('a picture', () => {
  it('is there in every width of its kind as WebP and as AVIF, in shape, and the smaller are smaller', async () => {
    const noise = await sharp({
      create: {
        width: 1920,
        height: 1440,
        channels: 3,
        background: '#000',
        noise: { type: 'gaussian', mean: 128, sigma: 30 },
      },
    })
      .jpeg()
      .toBuffer()
    const { widths, files } = await renderPicture(noise, 'courses')
    expect(widths).toEqual([400, 800, 1280])
    const found = await Promise.all(
      files.map(async ({ width, format, bytes }) => {
        const about = await sharp(bytes).metadata()
        expect(about).toMatchObject({ width, height: (width * 9) / 16, space: 'srgb', depth: 'uchar' })
        expect(about.format).toBe(format === 'avif' ? 'heif' : 'webp')
        return { format, size: bytes.length }
      }),
    )
    for (const format of ['webp', 'avif']) {
      const sizes = found.filter((file) => file.format === format).map(({ size }) => size)
      expect(sizes).toHaveLength(3)
      expect(sizes).toEqual(sizes.toSorted((a, b) => a - b))
    }
  })

  it.each([
    [900, 600, 'courses', [400, 900], 506],
    [900, 600, 'avatars', [96, 256, 512], 512],
    [430, 2000, 'courses', [430], 242],
    [120, 80, 'avatars', [80], 80],
    [1, 1, 'courses', [1], 1],
    [5000, 1, 'avatars', [1], 1],
  ] as const)('of %d × %d is never enlarged, and keeps the shape of %s', async (width, height, kind, widths, tall) => {
    const { widths: kept, files } = await renderPicture(await plain(width, height).png().toBuffer(), kind)
    expect(kept).toEqual(widths)
    expect((await sharp(files.at(-1)?.bytes).metadata()).height).toBe(tall)
  })

  it('loses what the camera wrote: place, author, profile, preview', async () => {
    const jpeg = await plain(1300, 800)
      .withExif({
        IFD0: { Artist: 'SECRET author', Copyright: 'SECRET owner' },
        IFD3: {
          GPSLatitudeRef: 'N',
          GPSLatitude: '55/1 45/1 0/1',
          GPSLongitudeRef: 'E',
          GPSLongitude: '37/1 37/1 0/1',
        },
      })
      .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"><SECRET/></x:xmpmeta>')
      .withIccProfile('p3', { attach: true })
      .jpeg()
      .toBuffer()
    expect(jpeg.includes('SECRET')).toBe(true)
    const { files } = await renderPicture(jpeg, 'courses')
    for (const { bytes } of files) {
      const { exif, xmp, iptc, icc } = await sharp(bytes).metadata()
      expect({ exif, xmp, iptc, icc }).toEqual({ exif: undefined, xmp: undefined, iptc: undefined, icc: undefined })
      expect(bytes.includes('SECRET')).toBe(false)
    }
  })

  it('stands upright, whichever way the camera was held', async () => {
    // Wide and red on the left as it lies; upright it is tall, and red on top.
    const lying = await plain(800, 400, '#00f')
      .composite([{ input: await plain(400, 400, '#f00').png().toBuffer(), left: 0, top: 0 }])
      .withMetadata({ orientation: 6 })
      .png()
      .toBuffer()
    const { files } = await renderPicture(lying, 'avatars')
    for (const { bytes } of files.slice(-2)) {
      const { width, height, orientation } = await sharp(bytes).metadata()
      expect([width, height, orientation]).toEqual([400, 400, undefined])
      expectColour(await colourAt(bytes, 0.5, 0.1), [255, 0, 0], 30)
      expectColour(await colourAt(bytes, 0.5, 0.9), [0, 0, 255], 30)
    }
  })

  it('is brought to sRGB from a wider space, from CMYK and from sixteen bits', async () => {
    const wide = await plain(600, 600, '#f00').withIccProfile('p3', { attach: true }).png().toBuffer()
    const unconverted = (await sharp(wide, { ignoreIcc: true }).raw().toBuffer()).subarray(0, 3)
    // Its numbers are not red's of sRGB, and would look dull without its profile.
    expect(unconverted[0]).toBeLessThan(245)
    const cmyk = await plain(600, 600, '#f00').toColourspace('cmyk').jpeg().toBuffer()
    expect((await sharp(cmyk).metadata()).space).toBe('cmyk')
    const deep = await plain(600, 600, '#f00').toColourspace('rgb16').png().toBuffer()
    expect((await sharp(deep).metadata()).depth).toBe('ushort')
    for (const [bytes, within] of [
      [wide, 12],
      [deep, 12],
      [cmyk, 40],
    ] as const) {
      const { files } = await renderPicture(bytes, 'avatars')
      for (const file of files.slice(-2)) expectColour(await colourAt(file.bytes, 0.5, 0.5), [255, 0, 0], within)
    }
  })

  it('stands still when it moved, and stays see-through where it was', async () => {
    const frames = await Promise.all(['#f00', '#0f0', '#00f'].map((colour) => plain(300, 300, colour).png().toBuffer()))
    const moving = await sharp(frames, { join: { animated: true } })
      .gif()
      .toBuffer()
    expect((await sharp(moving).metadata()).pages).toBe(3)
    const { files } = await renderPicture(moving, 'avatars')
    for (const { bytes } of files) expect((await sharp(bytes).metadata()).pages ?? 1).toBe(1)
    expectColour(await colourAt(files.at(-2)?.bytes ?? moving, 0.5, 0.5), [255, 0, 0], 30)
    const glass = await sharp({ create: { width: 300, height: 300, channels: 4, background: '#0000' } })
      .png()
      .toBuffer()
    for (const { bytes } of (await renderPicture(glass, 'avatars')).files) {
      expect((await sharp(bytes).stats()).isOpaque).toBe(false)
    }
  })
})

describe('a file that is no picture of ours', () => {
  const refused = async (bytes: Buffer) => {
    const began = performance.now()
    const error = await renderPicture(bytes, 'courses').then(
      () => null,
      (error: unknown) => error,
    )
    expect(error).toMatchObject({ code: 'image_unreadable' })
    return performance.now() - began
  }

  it('is refused by its size before memory is asked for', async () => {
    const before = process.memoryUsage().rss
    expect(await refused(pngHeader(60_000, 60_000))).toBeLessThan(1000)
    expect(await refused(pngHeader(0x7fffffff, 1))).toBeLessThan(1000)
    const gif = await plain(10, 10).gif().toBuffer()
    const frame = gif.indexOf(Buffer.from([0x2c, 0, 0, 0, 0, 10, 0, 10, 0]))
    for (const at of [6, 8, frame + 5, frame + 7]) gif.writeUInt16LE(60_000, at)
    expect(await refused(gif)).toBeLessThan(1000)
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000)
  })

  it('is refused when some of it is missing or spoiled', async () => {
    const rich = sharp({
      create: {
        width: 500,
        height: 500,
        channels: 3,
        background: '#000',
        noise: { type: 'gaussian', mean: 128, sigma: 30 },
      },
    })
    for (const whole of [
      await rich.clone().png().toBuffer(),
      await rich.clone().jpeg().toBuffer(),
      await rich.clone().webp().toBuffer(),
    ]) {
      await refused(whole.subarray(0, whole.length >> 1))
      await refused(whole.subarray(0, 24))
    }
    await refused(pngHeader(400, 400))
    await refused(Buffer.alloc(0))
  })

  it('is refused in formats that libvips reads and we do not: SVG, TIFF, AVIF, and two at once', async () => {
    const svg = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>',
    )
    await refused(svg)
    await refused(await plain(50, 50).tiff().toBuffer())
    await refused(await plain(50, 50).avif().toBuffer())
    await refused(Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), svg]))
  })

  it('carries nothing along that hung on a picture', async () => {
    const png = await plain(500, 500).png().toBuffer()
    const zip = Buffer.concat([png, Buffer.from('PK\x03\x04 <script>alert(1)</script>')])
    for (const { bytes } of (await renderPicture(zip, 'courses')).files) expect(bytes.includes('script')).toBe(false)
  })
})

it('so many may wait for their turn, and the next is asked to come again', async () => {
  const png = await plain(64, 64).png().toBuffer()
  const all = await Promise.allSettled(Array.from({ length: 50 }, () => renderPicture(png, 'avatars')))
  const done = all.filter(({ status }) => status === 'fulfilled').length
  expect(done).toBe(16)
  const refusals = all.filter((one) => one.status === 'rejected')
  expect(refusals.every(({ reason }) => reason.code === 'too_many_requests')).toBe(true)
  expect((await renderPicture(png, 'avatars')).widths).toEqual([64])
})

describe('the name of a picture', () => {
  const id = '0'.repeat(24)

  it('says what there is of it', () => {
    const key = pictureKey('courses', id, [400, 800, 1280])
    expect(key).toBe(`public/courses/${id}-400-800-1280.webp`)
    expect(objectsOfPicture(key).map((object) => object.key.slice(`public/courses/${id}`.length))).toEqual([
      '-400.webp',
      '-400.avif',
      '-800.webp',
      '-800.avif',
      '-400-800-1280.webp',
      '-1280.avif',
    ])
  })

  it('of one from before there were sizes says nothing more, nor does a strange one', () => {
    for (const key of [`public/courses/${id}.webp`, 'public/courses/x-1.webp', `public/courses/${id}-.webp`]) {
      expect(objectsOfPicture(key).map((object) => object.key)).toEqual([key])
    }
  })
})
