import { beforeEach, describe, expect, it, vi } from 'vitest'
import { LessonProgress } from '../../web/learn/lesson-progress.ts'

interface Sent {
  body: { position_seconds?: number; ranges?: [number, number][]; status?: string }
  answer(progress?: object): void
  fail(): void
}

const api = vi.hoisted(() => {
  class ApiError extends Error {}
  return { ApiError, sent: [] as Sent[], last: [] as object[] }
})
const known = {
  ...{ lesson: 1, status: 'in_progress', progress: 10 },
  completion_rule: { type: 'watched', length_seconds: 100, percent: 90 },
}
vi.mock('../../web/api.ts', () => ({
  ApiError: api.ApiError,
  get: async () => known,
  send: (_method: string, _path: string, body: Sent['body']) =>
    new Promise((resolve, reject) => {
      api.sent.push({
        body,
        answer: (progress = {}) => resolve({ ...known, ...progress }),
        fail: () => reject(new api.ApiError('away')),
      })
    }),
  sendLast: (_path: string, body: object) => api.last.push(body),
}))

beforeEach(() => {
  api.sent.length = 0
  api.last.length = 0
  vi.stubGlobal('document', { hidden: false, addEventListener() {}, removeEventListener() {} })
  return () => vi.unstubAllGlobals()
})

const soon = () => new Promise((resolve) => setImmediate(resolve))

/** In a lesson of 100 s whose first word has been answered. */
async function watching(): Promise<LessonProgress> {
  const progress = new LessonProgress({ addController() {}, requestUpdate() {} } as never, () => {})
  progress.follow(1)
  await vi.waitFor(() => expect(api.sent).toHaveLength(1))
  api.sent[0]?.answer()
  await soon()
  return progress
}

describe('what a learner has watched', () => {
  it('is told in the end, though they pause while an earlier word is on its way', async () => {
    const progress = await watching()
    progress.at(0)
    progress.at(2)
    progress.rest()
    progress.at(2)
    progress.at(4)
    progress.rest()
    expect(api.sent).toHaveLength(2)
    api.sent[1]?.answer()
    await soon()
    expect(api.sent.map(({ body }) => body)).toEqual([
      {},
      { position_seconds: 2, ranges: [[0, 2]] },
      { position_seconds: 4, ranges: [[2, 4]] },
    ])
  })

  it('is told again with what came since when it was not heard', async () => {
    const progress = await watching()
    progress.at(0)
    progress.at(2)
    progress.rest()
    api.sent[1]?.fail()
    await soon()
    progress.at(10)
    progress.at(12)
    progress.rest()
    expect(api.sent[2]?.body.ranges).toEqual([
      [0, 2],
      [10, 12],
    ])
  })

  it('is done when they say so, though another word is on its way', async () => {
    const progress = await watching()
    progress.at(0)
    progress.at(2)
    progress.rest()
    const marked = progress.mark()
    api.sent[1]?.answer()
    await vi.waitFor(() => expect(api.sent).toHaveLength(3))
    expect(api.sent[2]?.body).toEqual({ ranges: [[0, 100]] })
    api.sent[2]?.answer({ status: 'completed', progress: 100 })
    expect(await marked).toMatchObject({ status: 'completed' })
  })
})
