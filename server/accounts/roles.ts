/** What an account is, from least to most. Assistants are roles in a course, not accounts. */
export const roles = ['student', 'teacher', 'producer', 'admin'] as const
export type Role = (typeof roles)[number]

/** Everybody who teaches has a channel from the first day; a student gets one on request. */
export function mayHaveChannelUnasked(role: Role): boolean {
  return role !== 'student'
}
