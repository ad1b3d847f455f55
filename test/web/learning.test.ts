import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { firstLesson, isLearning, isTeaching, neighbours } from '../../web/courses/standing.ts'
import { embedOf, positionIn } from '../../web/learn/embed.ts'
import { countAnswered, rightAnswerText } from '../../web/learn/quiz-answers.ts'
import { WatchedRanges } from '../../web/learn/watched-ranges.ts'

describe('what was watched', () => {
  it('is one stretch while the video plays on', () => {
    const watched = new WatchedRanges()
    for (const position of [0, 0.25, 0.5, 2.5, 4.75]) watched.at(position)
    expect(watched.take()).toEqual([[0, 4.75]])
  })

  it('is two when somebody jumps, forwards or back', () => {
    const watched = new WatchedRanges()
    for (const position of [10, 11, 40, 41, 5, 6]) watched.at(position)
    expect(watched.take()).toEqual([
      [10, 11],
      [40, 41],
      [5, 6],
    ])
  })

  it('does not count a short jump that the player tells of', () => {
    const watched = new WatchedRanges()
    watched.at(10)
    watched.at(11)
    watched.jump()
    watched.at(12)
    watched.at(13)
    expect(watched.take()).toEqual([
      [10, 11],
      [12, 13],
    ])
  })

  it('counts what a busy browser told late, of a player that tells of jumps', () => {
    const watched = new WatchedRanges()
    watched.at(0, true)
    watched.at(6, true)
    expect(watched.take()).toEqual([[0, 6]])
  })

  it('is sent again until it is saved, and goes on without a gap', () => {
    const watched = new WatchedRanges()
    watched.at(0)
    watched.at(2)
    expect(watched.take()).toEqual([[0, 2]])
    watched.at(4)
    expect(watched.take()).toEqual([
      [0, 2],
      [2, 4],
    ])
    watched.saved()
    expect(watched.isEmpty).toBe(true)
    watched.at(5)
    expect(watched.take()).toEqual([[4, 5]])
  })

  it('is nothing of a place that is none', () => {
    const watched = new WatchedRanges()
    for (const position of [Number.NaN, -1, Number.POSITIVE_INFINITY]) watched.at(position)
    expect(watched.isEmpty).toBe(true)
  })
})

describe('a video of another site', () => {
  it.each([
    ['https://www.youtube.com/watch?v=aqz-KE-bpKQ&t=10', 'https://www.youtube-nocookie.com/embed/aqz-KE-bpKQ'],
    ['https://youtu.be/aqz-KE-bpKQ', 'https://www.youtube-nocookie.com/embed/aqz-KE-bpKQ'],
    ['https://m.youtube.com/shorts/aqz-KE-bpKQ', 'https://www.youtube-nocookie.com/embed/aqz-KE-bpKQ'],
    ['https://vimeo.com/76979871', 'https://player.vimeo.com/video/76979871'],
    [
      'https://rutube.ru/video/10b3a03fc01d5bbcc632a2f3514e8aab/',
      'https://rutube.ru/play/embed/10b3a03fc01d5bbcc632a2f3514e8aab',
    ],
  ])('%s is shown from %s', (address, src) => {
    expect(embedOf(address)?.src.split('?')[0]).toBe(src)
  })

  it.each([
    'https://youtube.com.evil.example/watch?v=aqz-KE-bpKQ',
    'https://evil.example/embed/aqz-KE-bpKQ',
    'https://www.youtube.com/watch?v="><script>',
    'javascript:alert(1)//youtu.be/aqz-KE-bpKQ',
    'https://vimeo.com/../../x',
    'not an address',
  ])('%s is only linked', (address) => {
    expect(embedOf(address)).toBeNull()
  })

  it('is framed only from where the policy of the pages allows it', () => {
    const policy = readFileSync(new URL('../../nginx/page-headers.conf', import.meta.url), 'utf8')
    const origins = [
      'https://youtu.be/aqz-KE-bpKQ',
      'https://vimeo.com/1',
      `https://rutube.ru/video/${'a'.repeat(32)}/`,
    ].map((address) => embedOf(address)?.origin)
    expect(policy).toContain(`frame-src ${origins.join(' ')};`)
  })

  it('says where it is, in the words of each site, and nothing else counts', () => {
    expect(positionIn('{"event":"infoDelivery","info":{"currentTime":12.5}}')).toBe(12.5)
    expect(positionIn({ event: 'timeupdate', data: { seconds: 3 } })).toBe(3)
    expect(positionIn('{"type":"player:currentTime","data":{"time":7}}')).toBe(7)
    for (const other of [
      '{',
      '"x"',
      null,
      5,
      { event: 'infoDelivery', info: null },
      { event: 'timeupdate', data: { seconds: '3' } },
      { event: 'timeupdate', data: { seconds: -1 } },
    ]) {
      expect(positionIn(other)).toBeNull()
    }
  })
})

describe('a place in a course', () => {
  const lesson = (id: number, locked = false) => ({ id, locked })
  const course = {
    modules: [{ lessons: [lesson(1, true), lesson(2)] }, { lessons: [] }, { lessons: [lesson(3, true), lesson(4)] }],
  } as unknown as Parameters<typeof neighbours>[0]

  it('leads past locked lessons and empty modules', () => {
    expect(firstLesson(course)?.id).toBe(2)
    expect(neighbours(course, 2)).toMatchObject({ previous: undefined, next: { id: 4 } })
    expect(neighbours(course, 4)).toMatchObject({ previous: { id: 2 }, next: undefined })
    expect(neighbours(course, 99)).toEqual({ previous: undefined, next: undefined })
  })

  it('is a learner’s while it gives access, and a teacher’s with any right but looking', () => {
    const place = (status: string | null, rights: string[]) =>
      ({ enrollment: status && { status }, rights }) as unknown as Parameters<typeof isLearning>[0]
    expect(isLearning(place('active', []))).toBe(true)
    expect(isLearning(place('completed', []))).toBe(true)
    expect(isLearning(place('refunded', []))).toBe(false)
    expect(isLearning(place(null, []))).toBe(false)
    expect(isTeaching(place('active', ['view', 'review']))).toBe(false)
    expect(isTeaching(place(null, ['view', 'moderate_chat']))).toBe(true)
  })
})

describe('answers', () => {
  it('count once there is something in them', () => {
    expect(countAnswered({ a: '', b: 'x', c: [], d: ['a'], e: null, f: 0 })).toBe(3)
  })

  it('are said in the words of the question', () => {
    const options = [
      { id: 'a', text: 'One' },
      { id: 'b', text: 'Two' },
    ]
    const question = { id: 'q', type: 'multiple' as const, text: '', points: 1, options }
    expect(rightAnswerText(question, ['a', 'b'])).toBe('One, Two')
    expect(rightAnswerText({ ...question, type: 'number', options: null }, 4)).toBe('4')
    expect(rightAnswerText(question, null)).toBe('')
  })
})
