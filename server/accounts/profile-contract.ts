import { z } from 'zod'
import type { Config } from '../../config/config.ts'
import { publicUrl } from '../http/public-files.ts'
import { personName, phone } from './contract.ts'
import type { Education } from './education.ts'
import type { Profile } from './profile.ts'
import { roles } from './roles.ts'
import type { User } from './user.ts'
import type { WorkExperience } from './work-experience.ts'

const id = z.coerce
  .number()
  .int()
  .positive()
  .max(2 ** 31 - 1)
export const idParams = z.strictObject({ id })
export const customUrlParams = z.strictObject({ custom_url: z.string().max(100) })
export const pagedQuery = z.object({ page: z.string().optional(), page_size: z.string().optional() })

/** Lower-case latin letters, digits and single dashes between them; not a number, which would look like an id. */
export const customUrl = z
  .string()
  .trim()
  .toLowerCase()
  .min(3)
  .max(50)
  .regex(/^(?!\d+$)[a-z0-9]+(?:-[a-z0-9]+)*$/)
export const customUrlBody = z.strictObject({ custom_url: customUrl })
export const checkUrlQuery = z.object({ url: z.string().trim().toLowerCase().max(100) })

const bio = z.string().max(10_000)
const language = z.enum(['ru', 'en'])
/** All of it: what is left out is empty afterwards. */
export const profileBody = z.strictObject({
  first_name: personName,
  last_name: personName,
  /** Left out, it is made of the names as at the beginning. */
  display_name: personName.optional(),
  phone: phone.nullable().default(null),
  bio: bio.default(''),
  language: language.default('ru'),
})
/** What is left out stays. */
export const profilePatch = z.strictObject({
  first_name: personName.optional(),
  last_name: personName.optional(),
  display_name: personName.optional(),
  phone: phone.nullable().optional(),
  bio: bio.optional(),
  language: language.optional(),
})

const text = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .regex(/^\P{C}+$/u)
const day = z.iso.date().refine((date) => date >= '1900-01-01')
const period = { start_date: day, end_date: day.nullable().default(null) }

function endsAfterStart(entry: { start_date: string; end_date: string | null }, ctx: z.RefinementCtx): void {
  if (entry.end_date === null || entry.end_date >= entry.start_date) return
  ctx.addIssue({ code: 'custom', path: ['end_date'], params: { code: 'ends_before_start' } })
}

export const educationBody = z
  .strictObject({ institution: text(255), degree: text(100), field_of_study: text(200), ...period })
  .superRefine(endsAfterStart)
export const workExperienceBody = z
  .strictObject({ company: text(255), position: text(200), description: z.string().max(5000).default(''), ...period })
  .superRefine(endsAfterStart)

const shownPeriod = { start_date: z.iso.date(), end_date: z.iso.date().nullable() }
export const educationJson = z.object({
  id: z.int(),
  institution: z.string(),
  degree: z.string(),
  field_of_study: z.string(),
  ...shownPeriod,
})
export type EducationJson = z.infer<typeof educationJson>

export const workExperienceJson = z.object({
  id: z.int(),
  company: z.string(),
  position: z.string(),
  /** HTML that is safe to show. */
  description: z.string(),
  ...shownPeriod,
})
export type WorkExperienceJson = z.infer<typeof workExperienceJson>

/** What others see: no names but the displayed one, no address, no phone. */
export const profileJson = z.object({
  id: z.int(),
  user_id: z.int(),
  display_name: z.string(),
  avatar_url: z.string().nullable(),
  /** HTML that is safe to show. */
  bio: z.string(),
  custom_url: z.string().nullable(),
  /** Slug. */
  channel: z.string().nullable(),
  rating: z.string(),
  courses_count: z.int(),
  reviews_count: z.int(),
  /** Of a teacher's identity, by an admin; null of a student. */
  verification_status: z.enum(['pending', 'verified', 'rejected']).nullable(),
  /** What goes on first, then the latest. */
  education: z.array(educationJson),
  work_experience: z.array(workExperienceJson),
})
export type ProfileJson = z.infer<typeof profileJson>

export const ownProfileJson = profileJson.extend({
  email: z.string(),
  first_name: z.string(),
  last_name: z.string(),
  phone: z.string().nullable(),
  role: z.enum(roles),
  is_verified: z.boolean(),
  language,
})
export type OwnProfileJson = z.infer<typeof ownProfileJson>

export const avatarJson = z.object({ avatar_url: z.string() })
export type AvatarJson = z.infer<typeof avatarJson>

export const customUrlJson = z.object({ custom_url: z.string().nullable() })
export type CustomUrlJson = z.infer<typeof customUrlJson>

export const checkUrlJson = z.object({
  url: z.string(),
  available: z.boolean(),
  reason: z.enum(['taken', 'reserved', 'invalid']).nullable(),
  /** Up to three that are free. */
  suggestions: z.array(z.string()),
})
export type CheckUrlJson = z.infer<typeof checkUrlJson>

export interface ShownProfile {
  profile: Profile
  education: Education[]
  workExperience: WorkExperience[]
  channel: string | null
}

export function presentProfile(shown: ShownProfile, store: Config['store']): ProfileJson {
  const { profile, education, workExperience, channel } = shown
  return {
    id: profile.id,
    user_id: profile.user.id,
    display_name: profile.displayName,
    avatar_url: profile.avatar ? publicUrl(store, profile.avatar) : null,
    bio: profile.bio,
    custom_url: profile.customUrl ?? null,
    channel,
    rating: profile.rating,
    courses_count: profile.coursesCount,
    reviews_count: profile.reviewsCount,
    verification_status: profile.user.role === 'student' ? null : profile.verificationStatus,
    education: education.map(presentEducation),
    work_experience: workExperience.map(presentWorkExperience),
  }
}

export function presentOwnProfile(shown: ShownProfile, user: User, store: Config['store']): OwnProfileJson {
  return {
    ...presentProfile(shown, store),
    email: user.email,
    first_name: user.firstName,
    last_name: user.lastName,
    phone: user.phone ?? null,
    role: user.role,
    is_verified: user.isVerified,
    language: user.language,
  }
}

export function presentEducation(entry: Education): EducationJson {
  const { id, institution, degree, fieldOfStudy, startDate, endDate } = entry
  return { id, institution, degree, field_of_study: fieldOfStudy, start_date: startDate, end_date: endDate ?? null }
}

export function presentWorkExperience(entry: WorkExperience): WorkExperienceJson {
  const { id, company, position, description, startDate, endDate } = entry
  return { id, company, position, description, start_date: startDate, end_date: endDate ?? null }
}
