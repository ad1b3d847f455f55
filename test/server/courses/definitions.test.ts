import { describe, expect, it } from 'vitest'
import { coursePatch, courseReplace, money, videoAddress } from '../../../server/courses/contract.ts'
import { lessonPatch, reorderModulesBody } from '../../../server/courses/lesson-contract.ts'
import { assignmentDefinition, quizDefinition } from '../../../server/courses/lesson-definition.ts'
import { lessonState } from '../../../server/courses/outline.ts'

const option = (id: string) => ({ id, text: id })
const single = { id: 'q', type: 'single', text: '?', options: [option('a'), option('b')], answer: 'a' }

describe('a quiz', () => {
  it('is taken with sensible rules when none are given', () => {
    expect(quizDefinition.parse({ questions: [single] })).toMatchObject({
      pass_score: 70,
      max_attempts: null,
      questions: [{ points: 1 }],
    })
  })

  it.each([
    ['no question', []],
    ['two of one id', [single, single]],
    ['an answer that is no option', [{ ...single, answer: 'c' }]],
    ['options of one id', [{ ...single, options: [option('a'), option('a')] }]],
    ['one option', [{ ...single, options: [option('a')] }]],
    ['an unknown kind', [{ ...single, type: 'essay' }]],
    ['something more', [{ ...single, script: 'x' }]],
    ['a number that is none', [{ id: 'q', type: 'number', text: '?', answer: Number.NaN }]],
    ['an id with markup', [{ ...single, id: '<q>' }]],
  ])('is refused with %s', (_, questions) => {
    expect(quizDefinition.safeParse({ questions }).success).toBe(false)
  })
})

it('an assignment is submitted unless it says that it is graded', () => {
  expect(assignmentDefinition.parse({})).toEqual({
    completion: 'submitted',
    max_grade: 100,
    pass_grade: 60,
    max_files: 3,
  })
  expect(assignmentDefinition.safeParse({ completion: 'anyhow' }).success).toBe(false)
})

it('what a change leaves out is not in it, and what a replacement leaves out has its default', () => {
  expect(coursePatch.parse({ title: ' X ' })).toEqual({ title: 'X' })
  expect(lessonPatch.parse({ title: 'X' })).toEqual({ title: 'X' })
  expect(courseReplace.parse({ title: 'X', price: 1, currency: 'RUB' })).toMatchObject({
    tags: [],
    category: null,
    price: '1.00',
  })
})

it('money is a decimal of two places, never a float that was near it', () => {
  expect(['0.1', 0.1, '19.99', 19.99, '99999999.99', 1e2].map((value) => money.parse(value))).toEqual([
    '0.10',
    '0.10',
    '19.99',
    '19.99',
    '99999999.99',
    '100.00',
  ])
  for (const value of ['', ' ', '1,5', '+1', '-0', '.5', '1.', '0x10', 'Infinity', 1e-7, 1e21, null, true, [1]]) {
    expect([value, money.safeParse(value).success]).toEqual([value, false])
  }
})

it('a video’s address is of the web or none', () => {
  for (const value of ['', 'https://video.example/1?a=b', 'http://x.example/'])
    expect(videoAddress.safeParse(value).success).toBe(true)
  for (const value of ['x', 'JAVASCRIPT:alert(1)', ' javascript:x', 'blob:https://x', '/local', 'https:']) {
    expect([value, videoAddress.safeParse(value).success]).toEqual([value, false])
  }
})

it('an order is a list of ids, or of ids with their places', () => {
  const order = (value: unknown) => reorderModulesBody.safeParse({ course: 1, order: value })
  expect(order([3, 1, 2]).data?.order).toEqual([3, 1, 2])
  expect(
    order([
      { id: 5, order: 2 },
      { id: 6, order: 1 },
    ]).data?.order,
  ).toEqual([6, 5])
  for (const value of [[], ['1'], [0], [-1], [1.5], [[1]], '1,2', { 0: 1 }, null])
    expect(order(value).success).toBe(false)
})

it('a lesson is scheduled, live or recorded, or none of these', () => {
  expect(lessonState('scheduled', null)).toBe('scheduled')
  expect(lessonState('live', 'live')).toBe('live')
  expect(lessonState('ended', 'ready')).toBe('recorded')
  expect(lessonState(null, 'ready')).toBe('recorded')
  expect(lessonState('failed', 'failed')).toBeNull()
  expect(lessonState(null, null)).toBeNull()
})
