import { describe, expect, it } from 'vitest'
import { assignmentDefinition, quizDefinition } from '../../../server/courses/lesson-definition.ts'
import { advance, type Beat, combine, type Progress } from '../../../server/progress/advance.ts'
import { completionRule, lengthOf, type RuledLesson } from '../../../server/progress/completion.ts'

const lesson = (given: object): RuledLesson =>
  ({
    contentType: 'video',
    durationMinutes: 0,
    recording: null,
    broadcast: null,
    quiz: null,
    assignment: null,
    ...given,
  }) as RuledLesson
const at = (seconds: number) => new Date(seconds * 1000)
const quiz = quizDefinition.parse({ questions: [{ id: 'a', type: 'text', text: 'a', answer: ['a'] }], pass_score: 55 })

describe('the rule of a lesson', () => {
  it.each([
    ['a text', { contentType: 'text' }, { type: 'read', seconds: 5 }],
    ['a quiz', { contentType: 'quiz', quiz }, { type: 'score', percent: 55 }],
    ['a quiz without questions', { contentType: 'quiz' }, { type: 'score', percent: 100 }],
    ['an assignment', { contentType: 'assignment', assignment: assignmentDefinition.parse({}) }, { type: 'submitted' }],
    [
      'a graded assignment',
      { contentType: 'assignment', assignment: assignmentDefinition.parse({ completion: 'graded', pass_grade: 7 }) },
      { type: 'graded', grade: 7 },
    ],
    ['a video elsewhere of 10 minutes', { durationMinutes: 10 }, { type: 'watched', percent: 90, length_seconds: 540 }],
    ['a short video elsewhere', { durationMinutes: 1 }, { type: 'watched', percent: 90, length_seconds: 30 }],
    ['a video elsewhere of unknown length', {}, { type: 'marked' }],
    [
      'a recording',
      { durationMinutes: 99, recording: { status: 'ready', durationSeconds: 612.5 } },
      { type: 'watched', percent: 90, length_seconds: 612.5 },
    ],
    [
      'an announced show',
      { broadcast: { status: 'scheduled', startedAt: null, endedAt: null } },
      { type: 'watched', percent: 90, length_seconds: null },
    ],
    [
      'a show on air, however long it was to be',
      {
        durationMinutes: 60,
        broadcast: { startedAt: at(0), endedAt: null },
        recording: { status: 'live', durationSeconds: 0 },
      },
      { type: 'watched', percent: 90, length_seconds: null },
    ],
    [
      'a show that is over and left no recording',
      { broadcast: { startedAt: at(100), endedAt: at(400) }, recording: { status: 'failed', durationSeconds: 0 } },
      { type: 'watched', percent: 90, length_seconds: 300 },
    ],
  ])('of %s', (_, given, rule) => {
    expect(completionRule(lesson(given))).toEqual(rule)
  })
})

describe('a live lesson', () => {
  const beats = (known: Progress | null, given: RuledLesson, list: Beat[], from: number): Progress =>
    list.reduce<Progress | null>(
      (state, beat, index) =>
        advance(state, beat, completionRule(given), lengthOf(given), (from + (index + 1) * 10) * 1000),
      known,
    ) as Progress

  it('counts what was attended live when the show is over and its replay begins', () => {
    const live = lesson({ broadcast: { startedAt: at(0), endedAt: null } })
    const watching = Array.from({ length: 30 }, (_, index): Beat => ({ ranges: [[index * 10, index * 10 + 10]] }))
    const attended = beats(null, live, watching, 0)
    expect(attended).toMatchObject({ status: 'in_progress', progress: 0, ranges: [[0, 300]] })
    const over = lesson({
      broadcast: { startedAt: at(0), endedAt: at(320) },
      recording: { status: 'ready', durationSeconds: 320 },
    })
    expect(beats(attended, over, [{}], 300)).toMatchObject({ status: 'completed', progress: 100 })
    const longer = lesson({ recording: { status: 'ready', durationSeconds: 600 } })
    expect(beats(attended, longer, [{}], 300)).toMatchObject({ status: 'in_progress', progress: 50 })
  })
})

describe('a heartbeat', () => {
  const video = lesson({ recording: { status: 'ready', durationSeconds: 1000 } })
  const step = (known: Progress | null, beat: Beat, seconds: number) =>
    advance(known, beat, completionRule(video), lengthOf(video), seconds * 1000)

  it('brings no more than two and a half times the time that has passed, however often it comes', () => {
    let state = step(null, { ranges: [[0, 1000]] }, 0)
    expect(state.ranges).toEqual([[0, 15]])
    for (let beat = 1; beat <= 100; beat += 1) state = step(state, { ranges: [[0, 1000]] }, beat / 10)
    expect(state.ranges).toEqual([[0, 40]])
  })

  it('may make up for ten minutes without a connection, and not for a night', () => {
    const begun = step(null, {}, 0)
    expect(step(begun, { ranges: [[0, 600]] }, 600).ranges).toEqual([[0, 600]])
    const long = lesson({ recording: { status: 'ready', durationSeconds: 7200 } })
    const overnight = advance(begun, { ranges: [[0, 7200]] }, completionRule(long), lengthOf(long), 36_000_000)
    expect(overnight.ranges).toEqual([[0, 1500]])
  })

  it('counts watching twice once', () => {
    let state = step(null, {}, 0)
    for (let beat = 1; beat <= 300; beat += 1) state = step(state, { ranges: [[0, 100]] }, beat * 10)
    expect(state).toMatchObject({ status: 'in_progress', progress: 10, ranges: [[0, 100]] })
  })

  it('is not fooled by a clock that goes back', () => {
    const begun = step(null, { ranges: [[0, 10]] }, 1000)
    const back = step(begun, { ranges: [[10, 900]] }, 10)
    expect(back.lastActivity).toBe(1_000_000)
    expect(back.ranges).toEqual([[0, 15]])
  })
})

describe('two sources of the same progress', () => {
  const known: Progress = {
    status: 'in_progress',
    progress: 40,
    position: 400,
    ranges: [[0, 400]],
    attempts: 2,
    startedAt: 5000,
    completedAt: null,
    lastActivity: 9000,
    credit: 3,
  }

  it('are read as the better of each, wherever it stands', () => {
    const held = {
      ...known,
      status: 'completed',
      progress: 100,
      ranges: [[500, 600]],
      position: 600,
      attempts: 0,
    } as Progress
    const expected = {
      status: 'completed',
      progress: 100,
      attempts: 2,
      ranges: [
        [0, 400],
        [500, 600],
      ],
    }
    expect(combine(known, { ...held, lastActivity: 9500 })).toMatchObject({ ...expected, position: 600 })
    expect(combine({ ...held, attempts: 2 }, { ...known, attempts: 0 })).toMatchObject(expected)
    expect(combine(null, known)).toBe(known)
    expect(combine(known, null)).toBe(known)
    expect(combine(null, null)).toBeNull()
  })
})
