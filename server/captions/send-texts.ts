import type { Context as KoaContext } from 'koa'
import type { Orm } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import type { Chapter } from './chapter.ts'
import type { TextsJson } from './contract.ts'
import { etagOf } from './etag.ts'
import type { Film } from './film.ts'
import { writeChapters } from './write-vtt.ts'

/** The files of captions and chapters, as players ask for them beside the playlists. */
export const textFile = /^(?:texts\.json|chapters\.vtt|captions\/([A-Za-z0-9-]{2,35})\.vtt)$/

/**
 * Captions and chapters under the token that plays their recording or video, so whoever may watch may read: in sold courses,
 * for guests of free lessons, and no longer than that.
 *
 * Beside the playlists, not in them (EXT-X-MEDIA, RFC 8216 4.3.4.1): those are stored once, with the pictures, while captions
 * come later and change; and players show `<track>` elements everywhere, Safari's own HLS player among them.
 *
 * @throws {DomainError} `not_found`
 */
export async function sendTexts(ctx: KoaContext, orm: Orm, film: Film, path: string): Promise<void> {
  const em = orm.em.fork()
  const language = textFile.exec(path)?.[1]
  if (language !== undefined) {
    const [row] = await em.execute<{ content: string }[]>(
      `select content from caption where ${film.kind}_id = ? and lower(language) = lower(?)`,
      [film.id, language],
    )
    return answer(ctx, 'text/vtt', row?.content)
  }
  const [row] = await em.execute<FilmRow[]>(
    `select f.chapters, f.duration_seconds as duration,
            coalesce((select json_agg(json_build_object('language', c.language, 'label', c.label, 'etag', c.etag) order by c.label)
                        from caption c where c.${film.kind}_id = f.id), '[]') as captions
       from ${film.kind} f where f.id = ?`,
    [film.id],
  )
  if (path === 'texts.json') return answer(ctx, 'application/json', row && JSON.stringify(textsOf(row)))
  return answer(ctx, 'text/vtt', row?.chapters.length ? writeChapters(row.chapters, Number(row.duration)) : undefined)
}

interface FilmRow {
  chapters: Chapter[]
  duration: number
  captions: { language: string; label: string; etag: string }[]
}

function textsOf({ captions, chapters }: FilmRow): TextsJson {
  return {
    captions: captions.map(({ language, label, etag }) => ({
      ...{ language, label },
      url: `captions/${language}.vtt?v=${etag}`,
    })),
    chapters,
    chapters_url: chapters.length > 0 ? `chapters.vtt?v=${etagOf(JSON.stringify(chapters))}` : null,
  }
}

function answer(ctx: KoaContext, type: string, text: string | undefined): void {
  if (text === undefined) throw new DomainError('not_found')
  ctx.set('Cache-Control', 'private, no-cache')
  ctx.status = 200
  ctx.type = type
  ctx.etag = etagOf(text)
  if (ctx.fresh) ctx.status = 304
  else ctx.body = text
}
