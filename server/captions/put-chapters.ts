import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { arrangeChapters, type Chapter } from './chapter.ts'
import { type Film, lockFilm } from './film.ts'

/**
 * Puts these chapters in place of those that there were; none takes them away.
 *
 * @throws {DomainError} those of `lockFilm` and `arrangeChapters`; `duration_unknown` while nobody knows how long it is
 */
export async function putChapters(em: EntityManager, film: Film, chapters: readonly Chapter[]): Promise<Chapter[]> {
  return em.transactional(async (tx) => {
    const durationSeconds = await lockFilm(tx, film)
    if (chapters.length > 0 && durationSeconds === 0) throw new DomainError('duration_unknown')
    const arranged = arrangeChapters(chapters, durationSeconds)
    await tx.execute(`update ${film.kind} set chapters = ? where id = ?`, [JSON.stringify(arranged), film.id])
    return arranged
  })
}

/** In their order. */
export async function findChapters(em: EntityManager, { kind, id }: Film): Promise<Chapter[]> {
  const [row] = await em.execute<{ chapters: Chapter[] }[]>(`select chapters from ${kind} where id = ?`, [id])
  return row?.chapters ?? []
}
