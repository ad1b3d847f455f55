import type { EntityManager } from '../db/orm.ts'
import type { ErrorCode } from '../errors.ts'
import type { Course } from './course.ts'

/** What of its own fields a course still needs before others may see it. */
export function missingFields(course: Course): Record<string, ErrorCode> {
  const has: Record<string, boolean> = {
    title: course.title !== '',
    description: hasContent(course.description),
    short_description: course.shortDescription !== '',
    category: Boolean(course.category),
    thumbnail: Boolean(course.thumbnail),
    currency: course.currency !== '',
  }
  return only(has)
}

/** The same of its modules and lessons: one lesson at least with something in it. */
export async function missingContent(tx: EntityManager, courseId: number): Promise<Record<string, ErrorCode>> {
  const [row] = await tx.execute<{ modules: boolean; lessons: boolean }[]>(
    `select exists (select from module where course_id = ?) as modules,
            exists (select from module m join lesson l on l.module_id = m.id
                     where m.course_id = ? and l.is_published
                       and (regexp_replace(l.content, ?, '', 'gi') <> '' or l.video_url <> '' or l.file_id is not null or l.recording_id is not null or l.video_id is not null
                         or l.broadcast_id is not null or l.quiz is not null or l.assignment is not null)) as lessons`,
    [courseId, courseId, nothing.source],
  )
  return only({ modules: row?.modules === true, lessons: row?.lessons === true })
}

/** Of HTML, what nobody sees: an editor leaves `<p><br></p>` behind. A picture is seen. */
const nothing = /<(?!img)[^>]*>|&nbsp;|\u00a0|\s/

function hasContent(html: string): boolean {
  return html.replace(new RegExp(nothing, 'gi'), '') !== ''
}

function only(has: Record<string, boolean>): Record<string, ErrorCode> {
  return Object.fromEntries(
    Object.entries(has)
      .filter(([, isThere]) => !isThere)
      .map(([name]) => [name, 'course_incomplete' as const]),
  )
}
