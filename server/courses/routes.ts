import type { Context } from '../context.ts'
import type { Api } from '../http/api.ts'
import { catalogRoutes } from './catalog-routes.ts'
import { categoryRoutes } from './category-routes.ts'
import { courseItemRoutes } from './course-routes.ts'
import { enrollmentRoutes } from './enrollment-routes.ts'
import { lessonRoutes } from './lesson-routes.ts'
import { moduleRoutes } from './module-routes.ts'
import { roleRoutes } from './role-routes.ts'
import { tagRoutes } from './tag-routes.ts'
import { teacherCoursesRoutes } from './teacher-courses-routes.ts'

/** All that a course is made of. */
export function courseRoutes(context: Context): Api[] {
  return [
    // Before the courses themselves: `search` is no id.
    catalogRoutes(context),
    tagRoutes(context),
    categoryRoutes(context),
    courseItemRoutes(context),
    roleRoutes(context),
    ...moduleRoutes(context),
    ...lessonRoutes(context),
    ...enrollmentRoutes(context),
    teacherCoursesRoutes(context),
  ]
}
