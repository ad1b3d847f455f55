const KEY = 'captions'

/**
 * Of the languages that there are, the one that somebody has on: the same, or the nearest of the same name.
 *
 * @param wanted empty for none
 */
export function chooseCaptions(wanted: string, languages: readonly string[]): string | null {
  const name = (tag: string) => tag.split('-')[0]
  if (wanted === '') return null
  return languages.find((tag) => tag === wanted) ?? languages.find((tag) => name(tag) === name(wanted)) ?? null
}

/** As this device has them on everywhere: a language, empty for off; null while nobody has said. */
export function rememberedCaptions(): string | null {
  try {
    return localStorage.getItem(KEY)
  } catch {
    return null
  }
}

export function rememberCaptions(language: string): void {
  try {
    localStorage.setItem(KEY, language)
  } catch {
    // Storage is full or refused: the next video begins without them.
  }
}

function tracksOf(video: HTMLVideoElement): TextTrack[] {
  return [...video.textTracks].filter(({ kind }) => kind === 'subtitles')
}

/** What is shown over the picture; empty for nothing. */
export function shownCaptions(video: HTMLVideoElement): string {
  return tracksOf(video).find(({ mode }) => mode === 'showing')?.language ?? ''
}

export function showCaptions(video: HTMLVideoElement, language: string | null): void {
  for (const track of tracksOf(video)) {
    const mode = track.language === language ? 'showing' : 'disabled'
    if (track.mode !== mode) track.mode = mode
  }
}
