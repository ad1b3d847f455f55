/** What an account is, from least to most. Assistants are roles in a course, not accounts. */
export const roles = ['student', 'teacher', 'producer', 'admin'] as const
export type Role = (typeof roles)[number]
