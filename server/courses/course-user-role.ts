import { defineEntity, p } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import { base } from '../db/base.ts'
import { type CoursePermissions, courseRoles } from './access.ts'
import { Course } from './course.ts'

const schema = defineEntity({
  name: 'CourseUserRole',
  indexes: [{ properties: ['course', 'role'] }, { properties: ['user', 'role'] }],
  uniques: [
    { properties: ['course', 'user', 'role'] },
    { name: 'course_user_role_one_primary', properties: ['course', 'role'], where: 'is_primary' },
  ],
  properties: {
    ...base,
    course: () => p.manyToOne(Course).deleteRule('cascade'),
    user: () => p.manyToOne(User).deleteRule('cascade'),
    role: p.enum(courseRoles),
    permissions: p
      .json<CoursePermissions>()
      .defaultRaw(`'{}'`)
      .onCreate(() => ({})),
    /** The one who is shown; one for each role. */
    isPrimary: p.boolean().default(false),
  },
})

/** Somebody of a course's staff. */
export class CourseUserRole extends schema.class {}
schema.setClass(CourseUserRole)
