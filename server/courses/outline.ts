import type { EntityManager } from '../db/orm.ts'
import { type CourseState, isAdmin, isStaff, mayLearn, type Standing } from './access.ts'
import type { Lesson } from './lesson.ts'
import type { LessonOutlineJson, ModuleOutlineJson } from './lesson-contract.ts'

interface Row {
  id: number
  title: string
  description: string
  order: number
  is_free: boolean
  lessons: {
    id: number
    title: string
    content_type: Lesson['contentType']
    order: number
    duration_minutes: number
    is_free: boolean
    is_published: boolean
    broadcast_status: string | null
    starts_at: string | null
    recording_status: string | null
    video_status: string | null
  }[]
}

/** What a lesson is to watch: nothing of either is a lesson without a show. */
export function lessonState(
  broadcast: string | null | undefined,
  recording: string | null | undefined,
  video: string | null = null,
): LessonOutlineJson['state'] {
  if (broadcast === 'live') return 'live'
  if (recording === 'ready') return 'recorded'
  if (recording === 'live') return 'live'
  if (video === 'ready') return 'recorded'
  return broadcast === 'scheduled' ? 'scheduled' : null
}

/** Modules and lessons in their order, without anything of what is in them; hidden lessons for staff alone. One query. */
export async function findOutline(
  em: EntityManager,
  course: CourseState & { id: number },
  standing: Standing,
  onlyModule: number | null = null,
): Promise<ModuleOutlineJson[]> {
  const rows = await em.execute<Row[]>(
    `select m.id, m.title, m.description, m."order", m.is_free,
            coalesce(jsonb_agg(jsonb_build_object(
              'id', l.id, 'title', l.title, 'content_type', l.content_type, 'order', l."order",
              'duration_minutes', l.duration_minutes, 'is_free', l.is_free, 'is_published', l.is_published,
              'broadcast_status', b.status, 'starts_at', b.starts_at, 'recording_status', r.status,
              'video_status', v.status)
              order by l."order") filter (where l.id is not null), '[]') as lessons
       from module m
       left join lesson l on l.module_id = m.id and (l.is_published or ?)
       left join broadcast b on b.id = l.broadcast_id
       left join recording r on r.id = l.recording_id
       left join video v on v.id = l.video_id
      where m.course_id = ? and (m.id = ? or ?::int is null)
      group by m.id order by m."order"`,
    [isAdmin(standing.person) || isStaff(standing), course.id, onlyModule, onlyModule],
  )
  return rows.map(({ lessons, ...module }) => ({
    ...module,
    course: course.id,
    lessons: lessons.map(({ broadcast_status, recording_status, video_status, starts_at, ...lesson }) => {
      const isFree = lesson.is_free || module.is_free
      return {
        ...lesson,
        locked: !mayLearn(standing, course, { isFree }),
        state: lessonState(broadcast_status, recording_status, video_status),
        starts_at: starts_at === null ? null : new Date(starts_at).toISOString(),
      }
    }),
  }))
}
