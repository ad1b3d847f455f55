import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { Caption } from './caption.ts'
import type { Cue } from './cue.ts'
import { etagOf } from './etag.ts'
import { captionsOf, type Film, lockFilm } from './film.ts'
import { writeVtt } from './write-vtt.ts'

const MOST_LANGUAGES = 30

/**
 * Puts the captions of one language in place of those that there were.
 *
 * @param label undefined leaves the one that it has
 * @throws {DomainError} those of `lockFilm`; `too_many_captions`
 */
export async function putCaptions(
  em: EntityManager,
  film: Film,
  { language, label, cues }: { language: string; label: string | undefined; cues: readonly Cue[] },
): Promise<{ caption: Caption; isNew: boolean }> {
  const content = writeVtt(cues)
  const facts = { content, cues: cues.length, sizeBytes: Buffer.byteLength(content), etag: etagOf(content) }
  return em.transactional(async (tx) => {
    await lockFilm(tx, film)
    const of = captionsOf(film)
    const there = await tx.findOne(Caption, { ...of, language })
    if (there) {
      Object.assign(there, facts, label === undefined ? {} : { label })
      await tx.flush()
      return { caption: there, isNew: false }
    }
    if ((await tx.count(Caption, of)) >= MOST_LANGUAGES) {
      throw new DomainError('too_many_captions', { max: MOST_LANGUAGES })
    }
    const caption = tx.create(Caption, { ...of, language, label: label ?? ownName(language), ...facts })
    await tx.flush()
    return { caption, isNew: true }
  })
}

/** A language as it calls itself: `Русский`. */
function ownName(language: string): string {
  const name = new Intl.DisplayNames([language], { type: 'language' }).of(language) ?? language
  return `${name.charAt(0).toLocaleUpperCase(language)}${name.slice(1)}`.slice(0, 100)
}
