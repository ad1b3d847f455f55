import type { ReactiveControllerHost } from 'lit'
import type { TextsJson } from '../../server/captions/contract.ts'

const none: TextsJson = { captions: [], chapters: [], chapters_url: null }

/**
 * Captions and chapters of what a player plays: asked for beside its playlist, under the same token. What plays has none when
 * they cannot be had: that is no reason not to play.
 */
export class FilmTexts {
  /** With addresses that are whole. */
  value: TextsJson = none
  readonly #host: Pick<ReactiveControllerHost, 'requestUpdate'>
  #film = ''
  #base = ''
  #asked = 0

  constructor(host: Pick<ReactiveControllerHost, 'requestUpdate'>) {
    this.#host = host
  }

  /** @param src its multivariant playlist; a new token of the same film asks for nothing */
  follow(film: string, src: string): void {
    const hadBase = this.#base !== ''
    this.#base = textsAddress(src)
    // What ran until now may have been stored.
    if (film === this.#film && hadBase === (this.#base !== '')) return
    this.#film = film
    this.value = none
    void this.load()
  }

  /** Asks anew, as when they were edited. */
  async load(): Promise<void> {
    const asked = ++this.#asked
    const base = this.#base
    const texts = base ? await fetch(base).then(jsonOf, () => none) : none
    if (asked !== this.#asked) return
    this.value = {
      ...texts,
      captions: texts.captions.map((one) => ({ ...one, url: beside(base, one.url) })),
      chapters_url: texts.chapters_url && beside(base, texts.chapters_url),
    }
    this.#host.requestUpdate()
  }
}

async function jsonOf(response: Response): Promise<TextsJson> {
  return response.ok ? ((await response.json()) as TextsJson) : none
}

function beside(base: string, url: string): string {
  return base.replace(/[^/]*$/, url)
}

/** Empty while a show runs: then its media process has the playlist. */
function textsAddress(src: string): string {
  return src.startsWith('/vod/') ? src.replace(/[^/]*$/, 'texts.json') : ''
}
