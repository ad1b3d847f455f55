import type { Context } from '../context.ts'
import type { Api } from '../http/api.ts'
import { authRoutes } from './auth-routes.ts'
import { educationRoutes, workExperienceRoutes } from './entry-routes.ts'
import { passwordRoutes } from './password-routes.ts'
import { profileRoutes } from './profile-routes.ts'
import { teacherRoutes } from './teacher-routes.ts'

/** Accounts, profiles and teachers' pages; what has a name of its own stands before what has an id. */
export function accountRoutes(context: Context): Api[] {
  return [authRoutes, passwordRoutes, educationRoutes, workExperienceRoutes, profileRoutes, teacherRoutes].map(
    (routes) => routes(context),
  )
}
