import type { Context } from '../context.ts'
import type { Api } from '../http/api.ts'
import { authRoutes } from './auth-routes.ts'
import { passwordRoutes } from './password-routes.ts'

/** Everything under `/api/auth`. */
export function accountRoutes(context: Context): Api[] {
  return [authRoutes(context), passwordRoutes(context)]
}
