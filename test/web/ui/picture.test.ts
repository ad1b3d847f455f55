import { describe, expect, it } from 'vitest'
import { keysOfPicture, pictureKey } from '../../../server/pictures/picture-name.ts'
import { thumbnailFile } from '../../../server/pictures/thumbnail-file.ts'
import { poster, smallPicture, sourceSet } from '../../../web/ui/picture.ts'

const id = 'a'.repeat(24)
const url = `https://files.example/public/${'courses'}/${id}-400-800-1280.webp`

describe('a picture on a page', () => {
  it('is asked for by the names that the platform gives its sizes', () => {
    const key = pictureKey('courses', id, [400, 800, 1280])
    const asked = (['webp', 'avif'] as const)
      .flatMap((format) => sourceSet(key, format)?.split(', ') ?? [])
      .map((entry) => entry.split(' '))
    expect(asked.map(([address]) => address).toSorted()).toEqual(keysOfPicture(key).toSorted())
    expect(asked.map(([, width]) => width)).toEqual(['400w', '800w', '1280w', '400w', '800w', '1280w'])
  })

  it('from before there were sizes, and from elsewhere, has none', () => {
    for (const strange of [
      `/api/files/courses/${id}.webp`,
      'https://example.org/x-400.webp',
      '/vod/t/1/thumbnail.jpg',
    ]) {
      expect(sourceSet(strange, 'avif')).toBeNull()
      expect(smallPicture(strange, 24)).toBe(strange)
    }
  })

  it('is the smallest that is sharp where it is shown small', () => {
    const face = `/api/files/avatars/${id}-96-256-512.webp`
    expect(smallPicture(face, 24)).toBe(`/api/files/avatars/${id}-96.webp`)
    expect(smallPicture(face, 100)).toBe(`/api/files/avatars/${id}-256.webp`)
    expect(smallPicture(face, 200)).toBe(face)
    expect(smallPicture(face, 2000)).toBe(face)
    expect(smallPicture(url, 300)).toBe(url.replace('-400-800-1280', '-800'))
  })

  it('of a recording is asked for beside its JPEG, in the widths that are told', () => {
    const still = '/vod/r.token/aaaa/thumbnail.jpg'
    for (const format of ['webp', 'avif'] as const) {
      expect(sourceSet(still, format, [320, 426])).toBe(
        `/vod/r.token/aaaa/${thumbnailFile(320, format)} 320w, /vod/r.token/aaaa/${thumbnailFile(426, format)} 426w`,
      )
      expect(sourceSet(still, format, [])).toBeNull()
      expect(sourceSet('/live/m1/t/b/preview.jpg', format, [320])).toBeNull()
    }
    for (const [pixels, width] of [
      [300, 320],
      [390, 640],
      [1920, 640],
    ] as const) {
      expect(poster(still, [320, 640], pixels)).toBe(`/vod/r.token/aaaa/${thumbnailFile(width, 'webp')}`)
    }
    expect([poster(still, [], 900), poster(null, [], 900), poster(null, [320], 900)]).toEqual([still, null, null])
  })
})
