import type { Context } from '../context.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { publicUrl } from '../http/public-files.ts'
import { actions, isAdmin, isStaff, may, type Person, type Standing } from './access.ts'
import type { CourseJson } from './contract.ts'
import { Course } from './course.ts'
import { requireEditable } from './lock-course.ts'
import { findOutline } from './outline.ts'
import { findStanding } from './standing.ts'

const PREVIEW_SECONDS = 3600

interface TeacherRow {
  id: number
  display_name: string
  custom_url: string | null
  avatar: string | null
  is_primary: boolean
}

interface PlaceRow {
  id: number
  status: NonNullable<CourseJson['enrollment']>['status']
  enrolled_at: Date
  completed_at: Date | null
  last_lesson_id: number | null
  progress_percent: number
  lessons: NonNullable<CourseJson['progress']>['lessons']
}

/**
 * A course's own page: all of it that the caller may see, in six queries.
 *
 * @param idOrSlug digits are an id
 * @throws {DomainError} `course_not_found`, also of what they may not see
 */
export async function showCourse(
  em: EntityManager,
  person: Person | null,
  idOrSlug: string,
  { config, store }: Pick<Context, 'config' | 'store'>,
): Promise<CourseJson> {
  const isId = /^\d{1,10}$/.test(idOrSlug) && Number(idOrSlug) < 2 ** 31
  const course = await em.findOne(Course, isId ? { id: Number(idOrSlug) } : { slug: idOrSlug.toLowerCase() }, {
    populate: ['category', 'tags', 'previewAsset'],
    refresh: true,
  })
  if (!course) throw new DomainError('course_not_found')
  const standing = await findStanding(em, person, course.id)
  if (!may(standing, 'view', course)) throw new DomainError('course_not_found')
  const modules = await findOutline(em, course, standing)
  const teachers = await findTeachers(em, course.id)
  const place = person ? await findPlace(em, course.id, person.id) : null
  const isInside = isAdmin(person) || isStaff(standing)
  const picture = (key: string | null | undefined) => (key ? publicUrl(config.store, key) : null)
  return {
    id: course.id,
    title: course.title,
    slug: course.slug,
    description: course.description,
    short_description: course.shortDescription,
    requirements: course.requirements,
    target_audience: course.targetAudience,
    status: course.status,
    type: course.type,
    difficulty: course.difficulty,
    language: course.language,
    price: course.price,
    currency: course.currency,
    category: course.category
      ? { id: course.category.id, name: course.category.name, slug: course.category.slug }
      : null,
    tags: course.tags
      .getItems()
      .map(({ id, name, slug }) => ({ id, name, slug }))
      .toSorted((a, b) => a.name.localeCompare(b.name)),
    thumbnail_url: picture(course.thumbnail),
    preview_video_url: await previewUrl(course, store),
    average_rating: course.averageRating,
    reviews_count: course.reviewsCount,
    students_count: course.studentsCount,
    total_lessons: course.totalLessons,
    duration_minutes: course.durationMinutes,
    duration_hours: course.durationHours,
    published_at: course.publishedAt?.toISOString() ?? null,
    created_at: course.createdAt.toISOString(),
    updated_at: course.updatedAt.toISOString(),
    version: course.version,
    teachers: teachers.map(({ avatar, ...teacher }) => ({ ...teacher, avatar_url: picture(avatar) })),
    modules,
    enrollment: place && {
      id: place.id,
      status: place.status,
      enrolled_at: new Date(place.enrolled_at).toISOString(),
      completed_at: place.completed_at ? new Date(place.completed_at).toISOString() : null,
      last_lesson: place.last_lesson_id,
    },
    progress: place && {
      percent: place.progress_percent,
      completed_lessons: place.lessons.filter(({ status }) => status === 'completed').length,
      lessons: place.lessons,
    },
    can_edit: mayEditNow(standing, course),
    rights: actions.filter((action) => may(standing, action, course)),
    review_comment: isInside ? course.reviewComment : null,
  }
}

function mayEditNow(standing: Standing, course: Course): boolean {
  if (!may(standing, 'edit', course)) return false
  try {
    requireEditable({ standing, course })
    return true
  } catch {
    return false
  }
}

/** Its teachers, the primary one first. */
async function findTeachers(em: EntityManager, courseId: number): Promise<TeacherRow[]> {
  return em.execute<TeacherRow[]>(
    `select r.user_id as id, p.display_name, p.custom_url, p.avatar, r.is_primary
       from course_user_role r join profile p on p.user_id = r.user_id
      where r.course_id = ? and r.role = 'teacher'
      order by r.is_primary desc, r.id`,
    [courseId],
  )
}

async function findPlace(em: EntityManager, courseId: number, userId: number): Promise<PlaceRow | null> {
  const [row] = await em.execute<PlaceRow[]>(
    `select e.id, e.status, e.enrolled_at, e.completed_at, e.last_lesson_id, e.progress_percent,
            coalesce((select jsonb_agg(jsonb_build_object('lesson', l.id, 'status', p.status, 'progress', p.progress)
                                       order by m."order", l."order")
                        from lesson_progress p join lesson l on l.id = p.lesson_id join module m on m.id = l.module_id
                       where p.user_id = e.user_id and m.course_id = e.course_id and l.is_published), '[]') as lessons
       from enrollment e where e.course_id = ? and e.user_id = ?`,
    [courseId, userId],
  )
  return row ?? null
}

/** Our own file before an address: signed, and so never kept by a shared cache. */
async function previewUrl(course: Course, store: Context['store']): Promise<string | null> {
  const asset = course.previewAsset
  if (asset) return (await store.presign(asset.key, PREVIEW_SECONDS)) ?? `/api/courses/${course.id}/preview/`
  return course.previewVideoUrl || null
}
