import type { CourseCardJson } from '../../server/courses/catalog-contract.ts'
import { get, type Page } from '../api.ts'

/**
 * The courses that one runs, newest first; an admin's are all.
 *
 * @throws {ApiError}
 */
export async function loadOwnCourses(signal?: AbortSignal): Promise<CourseCardJson[]> {
  const path = '/api/courses/?status=draft,review,published,archived&ordering=-created_at&page_size=100'
  return (await get<Page<CourseCardJson>>(path, signal)).results
}
