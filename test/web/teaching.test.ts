import { describe, expect, it } from 'vitest'
import { draftOf, emptyQuestion, emptyQuiz, freeId, lacks, quizOf } from '../../web/teach/quiz-draft.ts'
import { moved, orderWith, stepOf } from '../../web/teach/reorder.ts'

const modules = [
  { id: 10, lessons: [{ id: 1 }, { id: 2 }] },
  { id: 20, lessons: [] },
  { id: 30, lessons: [{ id: 3 }] },
]

describe('lessons in their order', () => {
  it('move to a place, also past the ends', () => {
    expect(moved(['a', 'b', 'c'], 0, 2)).toEqual(['b', 'c', 'a'])
    expect(moved(['a', 'b', 'c'], 2, -5)).toEqual(['c', 'a', 'b'])
    expect(moved(['a', 'b'], 7, 0)).toEqual(['a', 'b'])
  })

  it('step by step, from the end of a module to the beginning of the next', () => {
    expect(stepOf(modules, 1, 1)).toEqual({ module: 10, at: 1 })
    expect(stepOf(modules, 2, 1)).toEqual({ module: 20, at: 0 })
    expect(stepOf(modules, 3, -1)).toEqual({ module: 20, at: 0 })
    expect(stepOf(modules, 1, -1)).toBeNull()
    expect(stepOf(modules, 3, 1)).toBeNull()
    expect(stepOf(modules, 99, 1)).toBeNull()
  })

  it('come into a module from another, each once', () => {
    expect(orderWith({ id: 30, lessons: [{ id: 3 }] }, 1, 0)).toEqual([1, 3])
    expect(orderWith({ id: 10, lessons: [{ id: 1 }, { id: 2 }] }, 1, 1)).toEqual([2, 1])
    expect(orderWith({ id: 20, lessons: [] }, 1, 9)).toEqual([1])
  })
})

describe('a quiz that is written', () => {
  const quiz = {
    pass_score: 60,
    max_attempts: 2,
    time_limit_minutes: null,
    questions: [
      {
        ...{ id: 'q1', type: 'single' as const, text: 'Which?', points: 2, explanation: 'So.', answer: 'b' },
        options: [
          { id: 'a', text: 'A' },
          { id: 'b', text: 'B' },
        ],
      },
      {
        ...{ id: 'q2', type: 'multiple' as const, text: 'Which all?', points: 1, explanation: '', answer: ['a', 'b'] },
        options: [
          { id: 'a', text: 'A' },
          { id: 'b', text: 'B' },
          { id: 'c', text: 'C' },
        ],
      },
      { id: 'q3', type: 'text' as const, text: 'Say', points: 1, explanation: '', answer: ['OBS', 'OBS Studio'] },
      { id: 'q4', type: 'number' as const, text: 'How many', points: 1, explanation: '', answer: 0, tolerance: 0.5 },
    ],
  }

  it('is the same after it was opened and saved', () => {
    expect(quizOf(draftOf(quiz))).toEqual(quiz)
  })

  it('lacks nothing only when it can be asked', () => {
    for (const question of draftOf(quiz).questions) expect(lacks(question)).toBeNull()
    const question = { ...emptyQuestion([]), text: 'Which?' }
    expect(lacks(emptyQuestion([]))).toBe('text')
    expect(lacks(question)).toBe('options')
    const filled = question.options.map((option) => ({ ...option, text: 'x' }))
    expect(lacks({ ...question, options: filled })).toBeNull()
    expect(lacks({ ...question, options: filled.map((option) => ({ ...option, isRight: false })) })).toBe('right')
    expect(lacks({ ...question, type: 'text', texts: ' \n ' })).toBe('right')
    expect(lacks({ ...question, type: 'number', number: 'many' })).toBe('right')
    expect(lacks({ ...question, type: 'number', number: '1,5' })).toBeNull()
  })

  it('takes a decimal with a comma', () => {
    const draft = {
      ...emptyQuiz(),
      questions: [{ ...emptyQuestion([]), type: 'number' as const, number: '1,5', tolerance: '' }],
    }
    expect(quizOf(draft).questions[0]).toMatchObject({ answer: 1.5, tolerance: 0 })
  })

  it('gives no id twice, also after a question in the middle went', () => {
    expect(freeId('q', [])).toBe('q1')
    expect(freeId('q', [{ id: 'q1' }, { id: 'q3' }])).toBe('q4')
    expect(freeId('q', [{ id: 'q2' }])).toBe('q3')
  })
})
