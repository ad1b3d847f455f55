import { describe, expect, it } from 'vitest'
import type { Role } from '../../../server/accounts/roles.ts'
import {
  actions,
  type CourseAction,
  type CoursePermissions,
  type CourseRole,
  type CourseState,
  may,
  mayCreateCourse,
  mayLearn,
  permissionKeys,
  type Standing,
} from '../../../server/courses/access.ts'

function standing(
  role: Role | null,
  place: CourseRole | null = null,
  permissions: CoursePermissions = {},
  isPrimary = false,
): Standing {
  return {
    person: role && { id: 1, role },
    staff: place ? [{ role: place, permissions, isPrimary }] : [],
    isEnrolled: false,
  }
}
const everything = Object.fromEntries(permissionKeys.map((key) => [key, true])) as CoursePermissions

const who = {
  guest: standing(null),
  student: standing('student'),
  stranger: standing('teacher'),
  learner: { ...standing('student'), isEnrolled: true },
  assistant: standing('student', 'assistant'),
  trusted: standing('student', 'assistant', everything),
  teacher: standing('teacher', 'teacher'),
  primary: standing('teacher', 'teacher', {}, true),
  empowered: standing('teacher', 'teacher', everything),
  producer: standing('producer', 'producer'),
  admin: standing('admin'),
  demoted: standing('student', 'teacher', everything, true),
} satisfies Record<string, Standing>
type Who = keyof typeof who
const everybody = Object.keys(who) as Who[]
const insiders: Who[] = ['assistant', 'trusted', 'teacher', 'primary', 'empowered', 'producer', 'admin']
const teaching: Who[] = ['teacher', 'primary', 'empowered', 'producer', 'admin']

/** Section 3 of the API, line by line: an action, a course's status, and those who may. */
const matrix: [CourseAction, CourseState['status'], Who[]][] = [
  ['view', 'published', everybody],
  ['view', 'draft', insiders],
  ['view', 'review', insiders],
  ['view', 'archived', ['learner', ...insiders]],
  ['edit', 'published', ['trusted', ...teaching]],
  ['retire', 'published', ['primary', 'producer', 'admin']],
  ['submit', 'draft', teaching],
  ['approve', 'review', ['empowered', 'producer', 'admin']],
  ['price', 'draft', teaching],
  ['price', 'published', ['empowered', 'producer', 'admin']],
  ['assign_assistants', 'published', teaching],
  ['assign_staff', 'published', ['producer', 'admin']],
  ['view_statistics', 'published', ['trusted', ...teaching]],
  ['view_finance', 'published', ['empowered', 'producer', 'admin']],
  ['refund', 'published', ['producer', 'admin']],
  ['promote', 'published', ['empowered', 'producer', 'admin']],
  ['manage_students', 'published', ['trusted', ...teaching]],
  ['review', 'published', ['learner', 'admin']],
  ['moderate_reviews', 'published', ['trusted', 'empowered', 'admin']],
  ['reply_to_reviews', 'published', ['teacher', 'primary', 'empowered', 'admin']],
  ['moderate_chat', 'published', ['trusted', ...teaching]],
  ['go_live', 'published', ['trusted', ...teaching]],
]

describe('who may do what with a course', () => {
  it.each(matrix)('%s, when it is %s', (action, status, allowed) => {
    expect(everybody.filter((name) => may(who[name], action, { status }))).toEqual(
      everybody.filter((name) => allowed.includes(name)),
    )
  })

  it('leaves no action out', () => {
    expect(new Set(matrix.map(([action]) => action))).toEqual(new Set(actions))
  })

  it('gives an assistant each right by its own key and by no other', () => {
    const keyed: Partial<Record<(typeof permissionKeys)[number], CourseAction[]>> = {
      edit_content: ['edit'],
      view_analytics: ['view_statistics'],
      manage_students: ['manage_students'],
      moderate_reviews: ['moderate_reviews'],
      moderate_chat: ['moderate_chat'],
      go_live: ['go_live'],
    }
    for (const key of permissionKeys) {
      const granted = actions.filter((action) =>
        may(standing('student', 'assistant', { [key]: true }), action, { status: 'published' }),
      )
      expect([key, granted]).toEqual([key, ['view', ...(keyed[key] ?? [])]])
      expect(
        actions.filter((action) =>
          may(standing('student', 'assistant', { [key]: false }), action, { status: 'published' }),
        ),
      ).toEqual(['view'])
    }
  })

  it('lets those make courses who teach', () => {
    expect(
      ([null, 'student', 'teacher', 'producer', 'admin'] as const).map((role) =>
        mayCreateCourse(role && { id: 1, role }),
      ),
    ).toEqual([false, false, true, true, true])
  })
})

describe('who may learn from a lesson', () => {
  const learns = (status: CourseState['status'], isFree: boolean) =>
    everybody.filter((name) => mayLearn(who[name], { status }, { isFree }))

  it('its staff always, learners of what is or was published, everybody of what is free', () => {
    expect(learns('published', false)).toEqual(
      everybody.filter((name) => name === 'learner' || insiders.includes(name)),
    )
    expect(learns('published', true)).toEqual(everybody)
    expect(learns('archived', true)).toEqual(learns('published', false))
    expect(learns('archived', false)).toEqual(learns('published', false))
    expect(learns('draft', true)).toEqual(everybody.filter((name) => insiders.includes(name)))
    expect(learns('review', true)).toEqual(learns('draft', true))
  })
})
